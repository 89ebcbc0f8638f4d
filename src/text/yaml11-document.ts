import type { Document } from 'yaml'
import type { SourceLines } from './source-lines.ts'
import { composeDocuments, isPrintable, reportSyntax, survived } from './yaml-compose.ts'
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
  return survived(report, () => compose(text, report)) ?? { documents: 0 }
}

function compose(text: string, report: YamlReport): FirstDocument {
  const outcome = readTokens(text, limits)
  if (outcome.kind !== 'tokens') {
    report.add(outcome.offset, limitMessages[outcome.kind])
    return { documents: 0 }
  }
  const { documents, stream } = composeDocuments(outcome.tokens, '1.1')
  const [document] = documents
  const { errors } = document ?? stream
  for (const error of errors) reportSyntax(error, report)
  if (document === undefined || errors.length > 0) return { documents: documents.length }
  return { document, documents: documents.length }
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
