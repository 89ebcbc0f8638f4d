import type { InverseStep } from '../../src/domain/inverse.ts'
import type { CommandPort } from '../../src/ports/command-port.ts'

/** Runs inverse steps as the watchdog's shell does; a step that must not fail and fails ends it with an error. */
export async function runInverse(steps: readonly InverseStep[], commands: CommandPort): Promise<void> {
  for (const step of steps) await runStep(step, commands)
}

async function runStep(step: InverseStep, commands: CommandPort): Promise<void> {
  switch (step.kind) {
    case 'run': {
      const result = await commands.run(step.argv, step.input === undefined ? {} : { input: step.input })
      if (result.code !== 0 && step.mayFail !== true) throw new Error(`${step.argv.join(' ')}: ${result.stderr}`)
      return
    }
    case 'ensure': {
      if ((await commands.run(step.check)).code === 0) return
      const result = await commands.run(step.argv)
      if (result.code !== 0) throw new Error(`${step.argv.join(' ')}: ${result.stderr}`)
      return
    }
    case 'until-gone': {
      for (let turn = 0; turn < 50; turn += 1) if ((await commands.run(step.argv)).code !== 0) return
      throw new Error(`${step.argv.join(' ')}: still there after fifty times`)
    }
    case 'write':
      throw new Error('no packet filter writes kernel settings')
  }
}
