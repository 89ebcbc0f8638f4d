import type { LogPort } from '../../src/ports/log-port.ts'

export interface RecordedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A log that keeps its lines. */
export function recordingLog(): LogPort & { readonly lines: RecordedLine[] } {
  const lines: RecordedLine[] = []
  const write = (level: RecordedLine['level']) => (fields: RecordedLine['fields'], message: string) => {
    lines.push({ level, fields, message })
  }
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
