import type { LogPort } from '../../../src/ports/log-port.ts'

interface LogEntry {
  readonly level: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A log that a test can read. */
export function recordingLog(): LogPort & { readonly entries: readonly LogEntry[] } {
  const entries: LogEntry[] = []
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    entries.push({ level, fields, message })
  }
  return { entries, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
