import { Composer, type CST, type Document, type YAMLError } from 'yaml'
import { syntaxMessage } from './yaml-messages.ts'
import type { YamlReport } from './yaml-report.ts'

/** Control characters and the like cannot stand in a text unescaped (YAML 1.2.2 §5.1, YAML 1.1 §4.1). */
const unprintable = /[^\P{Cc}\t\n\r\u0085]|[\uFEFF\uFFFE\uFFFF]/u

/** Whether a text has only characters that YAML takes; told where it does not. */
export function isPrintable(text: string, report: YamlReport): boolean {
  const offset = text.isWellFormed() ? text.search(unprintable) : 0
  if (offset < 0) return true
  const code = (text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  report.add(offset, {
    code: 'CONTROL_CHARACTER',
    what: text.isWellFormed() ? `the file holds the control character U+${code}` : 'the text holds half a character',
    why: 'YAML is printable text',
    fix: 'delete the character, or write it as an escape in double quotes',
  })
  return false
}

/** What a parser survives or not: undefined, and told, where it threw. */
export function survived<T>(report: YamlReport, run: () => T): T | undefined {
  try {
    return run()
  } catch {
    report.add(0, {
      code: 'YAML_UNREADABLE',
      what: 'the YAML parser gave up on this file',
      why: 'it is nested or built in a way that the parser does not survive',
      fix: 'write it flatter and simpler',
    })
    return undefined
  }
}

export interface Composed {
  readonly documents: readonly Document[]
  /** What the parser says where there is no document at all. */
  readonly stream: Pick<Document, 'errors' | 'warnings'>
}

/**
 * Tokens → documents, as nodes with their offsets. Duplicate keys and merge keys are looked at elsewhere: the parser's
 * own check is quadratic.
 */
export function composeDocuments(tokens: readonly CST.Token[], version: '1.1' | '1.2'): Composed {
  const composer = new Composer({ version, uniqueKeys: false, merge: false, logLevel: 'silent' })
  const documents = withoutStackTraces(() => [...composer.compose(tokens)])
  return { documents, stream: composer.streamInfo() }
}

export function reportSyntax(error: YAMLError, report: YamlReport): void {
  const { what, fix } = syntaxMessage(error.code)
  report.add(error.pos[0], { code: 'YAML_SYNTAX', what, why: 'the file is not valid YAML', fix })
}

/** The parser makes an Error for each problem; ten thousand stack traces that nobody reads would take seconds. */
function withoutStackTraces<T>(run: () => T): T {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = before
  }
}
