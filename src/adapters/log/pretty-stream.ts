import type { DestinationStream } from 'pino'
import pretty from 'pino-pretty'

/**
 * Lines for people, written to `target`. No pino transport: those are found by file name and are lost in a bundle.
 */
export function prettyStream(target: DestinationStream, colours: boolean): DestinationStream {
  const format = pretty.prettyFactory({ colorize: colours, translateTime: 'SYS:HH:MM:ss.l' })
  return { write: (line) => target.write(format(line)) }
}
