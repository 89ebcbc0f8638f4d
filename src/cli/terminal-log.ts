import type { LogPort } from '../ports/log-port.ts'
import type { Terminal } from './command.ts'
import { printable } from './printable.ts'

/**
 * What adapters and passes have to say, as plain lines on stderr: warnings and errors always, what happens only where
 * somebody watches.
 */
export function terminalLog(terminal: Pick<Terminal, 'err'>, options: { readonly progress: boolean }): LogPort {
  const line = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const told = ['path', 'change', 'code', 'error'].map((name) => fields[name])
    const texts = told.filter((value) => typeof value === 'string').map(printable)
    terminal.err.write(`fairlead: ${[message, ...texts].join('  ')}\n`)
  }
  return {
    debug: () => {},
    info: options.progress ? line : () => {},
    warn: line,
    error: line,
  }
}
