import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Answers, Asked } from './inside-protocol.ts'

/** A Node process inside a namespace, kept for the whole test: starting one for each question costs a tenth of a second. */
export interface Worker {
  ask<Op extends keyof Answers>(op: Op, asked: Asked[Op]): Promise<Answers[Op]>
  stop(): Promise<void>
}

const program = fileURLToPath(new URL('inside.ts', import.meta.url))

/** @param prefix how programs run in the namespace */
export function workerIn(prefix: readonly string[]): Worker {
  const argv: readonly string[] = [...prefix, process.execPath, program]
  const [command = '', ...args] = argv
  const child = spawn(command, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', NODE_NO_WARNINGS: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let last = 0
  let ended: string | undefined
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as { readonly id: number; readonly value?: unknown; readonly error?: string }
    const asker = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.error === undefined) asker?.resolve(answer.value)
    else asker?.reject(new Error(answer.error))
  })
  const closed = once(child, 'close').catch(() => {})
  const over = (reason: string): void => {
    ended ??= reason
    for (const { reject } of waiting.values()) reject(new Error(`the process inside ended: ${ended} ${said}`))
    waiting.clear()
  }
  child.once('error', (error) => over(error.message))
  child.once('close', (code, signal) => over(`${signal ?? code}`))
  return {
    ask: (op, asked) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) throw new Error(`the process inside ended: ${ended} ${said}`)
        last += 1
        // The program inside answers each question with the type that the protocol pairs with it.
        waiting.set(last, { resolve: resolve as (value: unknown) => void, reject })
        child.stdin.write(`${JSON.stringify({ id: last, op, asked })}\n`)
      }),
    stop: async () => {
      child.kill('SIGKILL')
      await closed
    },
  }
}
