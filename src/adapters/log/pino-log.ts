import { type DestinationStream, destination, type LoggerOptions, pino, stdTimeFunctions } from 'pino'
import type { LogPort } from '../../ports/log-port.ts'
import { redactedPaths, withoutCredentials } from './secrets-out.ts'

export interface LogOptions {
  /** `debug`, `info`, `warn` or `error`. */
  readonly level: string
  /** `json`, `pretty` or `auto`, which is pretty on a terminal and JSON elsewhere. */
  readonly format: string
  /** Standard error unless told: standard output is for results. */
  readonly stream?: DestinationStream
  readonly isTerminal?: boolean
}

/** One JSON line an entry, with ISO time and the level as a word; for people the same in colours. */
export async function openLog(options: LogOptions): Promise<LogPort> {
  const isTerminal = options.isTerminal ?? process.stderr.isTTY
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal)
  const settings: LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: withoutCredentials },
    redact: { paths: [...redactedPaths], censor: '[redacted]' },
  }
  // Synchronous, so that the last words of a process that dies are among them.
  const stream = options.stream ?? destination({ dest: 2, sync: true })
  if (!isPretty) return pino(settings, stream)
  const { prettyStream } = await import('./pretty-stream.ts')
  return pino(settings, prettyStream(stream, isTerminal))
}
