import { writeFile } from 'node:fs/promises'
import type { InverseStep } from '../../domain/inverse.ts'
import type { CommandPort, CommandResult } from '../../ports/command-port.ts'
import { commandFailed } from './leftover-failures.ts'

const untilGoneAttempts = 50

/**
 * Runs the steps of an undo file one after another, and goes on after one that failed: the others are right all the same.
 * @returns what failed, for people
 */
export async function runInverse(
  steps: readonly InverseStep[],
  commands: CommandPort,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const failed: string[] = []
  for (const step of steps) {
    signal.throwIfAborted()
    const problem = await runStep(step, commands)
    if (problem !== undefined) failed.push(problem)
  }
  return failed
}

async function runStep(step: InverseStep, commands: CommandPort): Promise<string | undefined> {
  switch (step.kind) {
    case 'run': {
      const options = { timeoutMs: 30_000, ...(step.input === undefined ? {} : { input: step.input }) }
      const result = await commands.run(step.argv, options)
      return step.mayFail === true ? undefined : toldOf(step.argv, result)
    }
    case 'ensure': {
      if ((await commands.run(step.check)).code === 0) return undefined
      const result = await commands.run(step.argv)
      return step.mayFail === true ? undefined : toldOf(step.argv, result)
    }
    case 'until-gone':
      for (let attempt = 1; attempt <= untilGoneAttempts; attempt += 1) {
        if ((await commands.run(step.argv)).code !== 0) return undefined
      }
      return `${step.argv.join(' ')} still finds something`
    case 'write':
      try {
        await writeFile(step.path, step.text)
        return undefined
      } catch (cause) {
        return `${step.path}: ${cause instanceof Error ? cause.message : String(cause)}`
      }
  }
}

function toldOf(argv: readonly string[], result: CommandResult): string | undefined {
  return result.code === 0 ? undefined : commandFailed(argv.join(' '), result).message
}
