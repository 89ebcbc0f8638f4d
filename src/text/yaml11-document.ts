import { Composer, type Document } from 'yaml'
import type { SourceLines } from './source-lines.ts'
import { syntaxMessage } from './yaml-messages.ts'
import type { YamlReport } from './yaml-report.ts'
import { fileTooLarge } from './yaml-source.ts'
import { readTokens, type TokenLimits } from './yaml-tokens.ts'

/** No configuration file of K3s, and no cloud-init file, comes near these. */
const limits: TokenLimits & { readonly maxBytes: number } = {
  maxBytes: 1024 * 1024,
  maxDepth: 32,
  maxDocuments: 100,
  maxTokens: 100_000,
}

export interface FirstDocument {
  /** The first document; absent where there is none, or where it cannot be read, which `report` then says. */
  readonly document?: Document
  /** How many there are; 0 for a text of comments. */
  readonly documents: number
}

/**
 * The first document of a text, as nodes with their offsets: for text that other programs read, so that scalars keep
 * the way they are written. What comes after the first document is counted and need not be YAML at all, as for Go's
 * `yaml.Unmarshal`.
 *
 * @param text without byte order mark
 */
export function readFirstDocument(text: string, lines: SourceLines, report: YamlReport): FirstDocument {
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes > limits.maxBytes) {
    const { code, what, why, fix } = fileTooLarge(lines.locate(0).place.file, sizeBytes, limits.maxBytes)
    report.add(0, { code, what, why, fix })
    return { documents: 0 }
  }
  if (!isPrintable(text, report)) return { documents: 0 }
  try {
    return compose(text, report)
  } catch {
    report.add(0, {
      code: 'YAML_UNREADABLE',
      what: 'the YAML parser gave up on this file',
      why: 'it is nested or built in a way that the parser does not survive',
      fix: 'write it flatter and simpler',
    })
    return { documents: 0 }
  }
}

/** Control characters and the like cannot stand in a text unescaped (YAML 1.1 §4.1). */
const unprintable = /[^\P{Cc}\t\n\r\u0085]|[\uFEFF\uFFFE\uFFFF]/u

function isPrintable(text: string, report: YamlReport): boolean {
  const offset = text.isWellFormed() ? text.search(unprintable) : 0
  if (offset < 0) return true
  const code = (text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  report.add(offset, {
    code: 'CONTROL_CHARACTER',
    what: text.isWellFormed() ? `the file holds the control character U+${code}` : 'the text holds half a character',
    why: 'YAML is printable text, and its reader refuses the file',
    fix: 'delete the character, or write it as an escape in double quotes',
  })
  return false
}

function compose(text: string, report: YamlReport): FirstDocument {
  const outcome = readTokens(text, limits)
  if (outcome.kind !== 'tokens') {
    report.add(outcome.offset, limitMessages[outcome.kind])
    return { documents: 0 }
  }
  const composer = new Composer({ version: '1.1', uniqueKeys: false, merge: false, logLevel: 'silent' })
  const before = Error.stackTraceLimit
  // The parser makes an Error for each problem; ten thousand stack traces that nobody reads would take seconds.
  Error.stackTraceLimit = 0
  try {
    const documents = [...composer.compose(outcome.tokens)]
    const [document] = documents
    const errors = (document ?? composer.streamInfo()).errors
    for (const error of errors) {
      const { what, fix } = syntaxMessage(error.code)
      report.add(error.pos[0], { code: 'YAML_SYNTAX', what, why: 'the file is not valid YAML', fix })
    }
    if (document === undefined || errors.length > 0) return { documents: documents.length }
    return { document, documents: documents.length }
  } finally {
    Error.stackTraceLimit = before
  }
}

const limitMessages = {
  'too-deep': {
    code: 'TOO_DEEP',
    what: `the text is nested deeper than ${limits.maxDepth} levels`,
    why: 'no file of this kind is; a parser could run out of stack',
    fix: 'check for unclosed brackets, or write it flatter',
  },
  'too-many-documents': {
    code: 'TOO_MANY_DOCUMENTS',
    what: `there are more than ${limits.maxDocuments} documents in the file`,
    why: 'only the first one is ever read',
    fix: 'keep the first document and delete the others',
  },
  'too-many-tokens': {
    code: 'TOO_COMPLEX',
    what: `the text has more than ${limits.maxTokens} parts`,
    why: 'reading it would hold up everything else',
    fix: 'shorten the file',
  },
} as const
