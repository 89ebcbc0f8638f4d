import { createInterface } from 'node:readline'
import type { Terminal } from './command.ts'

/** Somebody sits at the other end and can answer. */
export function canAsk({ in: input }: Pick<Terminal, 'in'>): boolean {
  return 'isTTY' in input && input.isTTY === true
}

/** A question on stderr; `true` only for `y` or `yes`. The end of the input and Ctrl-C are a no. */
export async function ask(question: string, terminal: Pick<Terminal, 'in' | 'err' | 'interrupted'>): Promise<boolean> {
  terminal.err.write(`${question} [y/N] `)
  const lines = createInterface({ input: terminal.in })
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(''))
    terminal.interrupted.addEventListener('abort', () => resolve(''), { once: true })
  })
  lines.close()
  return /^y(es)?$/i.test(answer.trim())
}
