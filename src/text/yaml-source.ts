import type { CST, Document } from 'yaml'
import { hasErrors, type LocatedLine, type Problem } from '../domain/problem.ts'
import { sourceLines } from './source-lines.ts'
import { decodeUtf8 } from './utf8.ts'
import { composeDocuments, isPrintable, reportSyntax, survived } from './yaml-compose.ts'
import { offsetOfKey, offsetOfValue } from './yaml-places.ts'
import { type YamlReport, yamlReport } from './yaml-report.ts'
import { readTokens, type TokenOutcome } from './yaml-tokens.ts'
import { readDocument, type ValueOptions } from './yaml-values.ts'

/** One document of a file: a plain value that remembers where each part of it is written. */
export interface YamlDocument {
  readonly value: unknown
  /** Where the value at a path stands; for a path that is not written, the deepest parent that is. */
  place(path: readonly (string | number)[]): LocatedLine
  /** Where the key at the end of a path stands. */
  keyPlace(path: readonly (string | number)[]): LocatedLine
}

export interface YamlOptions extends ValueOptions {
  readonly maxBytes: number
  readonly maxDocuments: number
  readonly maxTokens: number
  /** No line of the text goes into a problem. */
  readonly hideLines: boolean
}

/** For documents that people write for Fairlead. */
export const documentOptions: YamlOptions = {
  maxBytes: 1024 * 1024,
  maxDepth: 64,
  maxDocuments: 1,
  maxTokens: 250_000,
  maxAliasedValues: 10_000,
  refuseAmbiguous: true,
  duplicateKeys: 'error',
  hideLines: false,
}

/**
 * Reads YAML or JSON, whatever bytes it is given: the documents, and every problem with its place. A text that cannot be
 * understood has no documents; one that only says what may not be said (a key twice, an alias too many) has them, so that
 * their values can be looked at in the same run.
 */
export function readYaml(
  file: string,
  input: Uint8Array | string,
  options: YamlOptions,
): { readonly documents: readonly YamlDocument[]; readonly problems: readonly Problem[] } {
  const sizeBytes = typeof input === 'string' ? Buffer.byteLength(input) : input.length
  if (sizeBytes > options.maxBytes) {
    return { documents: [], problems: [fileTooLarge(file, sizeBytes, options.maxBytes)] }
  }
  const decoded = typeof input === 'string' ? { text: input } : decodeUtf8(input)
  if (!('text' in decoded)) return { documents: [], problems: [notUtf8(file, decoded.before)] }
  // A byte order mark would shift the first line's columns.
  const text = decoded.text.replace(/^\uFEFF/, '')
  const lines = sourceLines(file, text, { hideLines: options.hideLines })
  const report = yamlReport(lines)
  const documents = isPrintable(text, report) ? composeGuarded(text, report, options) : []
  return {
    documents: documents.map((document) => {
      const { value, targets } = readDocument(document, report, options)
      return {
        value,
        place: (path) => lines.locate(offsetOfValue(document.contents, path, targets)),
        keyPlace: (path) => lines.locate(offsetOfKey(document.contents, path, targets)),
      }
    }),
    problems: report.problems,
  }
}

export function fileTooLarge(file: string, sizeBytes: number, maxBytes: number): Problem {
  return {
    code: 'FILE_TOO_LARGE',
    severity: 'error',
    place: { file, line: 1, column: 1 },
    what: `the file has ${sizeBytes} bytes`,
    why: `files of this kind are read up to ${maxBytes} bytes`,
    fix: 'split it, or take it out of this directory',
  }
}

function notUtf8(file: string, before: string): Problem {
  const { place } = sourceLines(file, before, { hideLines: true }).locate(before.length)
  return {
    code: 'INVALID_UTF8',
    severity: 'error',
    place,
    what: 'the file is not UTF-8 text from here on',
    why: 'K3s and Fairlead read UTF-8 only',
    fix: 'save it as UTF-8',
  }
}

function composeGuarded(text: string, report: YamlReport, options: YamlOptions): readonly Document[] {
  const documents = survived(report, () => {
    const outcome = readTokens(text, options)
    if (outcome.kind === 'tokens') return compose(outcome.tokens, report)
    reportLimit(outcome, report, options)
    return []
  })
  return documents ?? []
}

function compose(tokens: readonly CST.Token[], report: YamlReport): readonly Document[] {
  for (const token of tokens) if (token.type === 'directive') reportDirective(token.offset, report)
  const { documents, stream } = composeDocuments(tokens, '1.2')
  for (const { errors, warnings } of documents.length > 0 ? documents : [stream]) {
    for (const error of [...errors, ...warnings]) if (error.code !== 'BAD_DIRECTIVE') reportSyntax(error, report)
  }
  return hasErrors(report.problems) ? [] : documents
}

function reportDirective(offset: number, report: YamlReport): void {
  report.add(offset, {
    code: 'YAML_DIRECTIVE',
    what: 'a line begins with %',
    why: 'directives change how the text is read, and K3s refuses them',
    fix: 'leave the line out, or quote the text if it belongs to a value',
  })
}

function reportLimit(
  outcome: Exclude<TokenOutcome, { kind: 'tokens' }>,
  report: YamlReport,
  options: YamlOptions,
): void {
  const limit = limits[outcome.kind](options)
  report.add(outcome.offset, limit)
}

const limits = {
  'too-deep': ({ maxDepth }: YamlOptions) => ({
    code: 'TOO_DEEP',
    what: `the text is nested deeper than ${maxDepth} levels`,
    why: 'no document of this kind is; a parser could run out of stack',
    fix: 'check for unclosed brackets, or write it flatter',
  }),
  'too-many-documents': ({ maxDocuments }: YamlOptions) => ({
    code: 'TOO_MANY_DOCUMENTS',
    what: `there are more than ${maxDocuments} documents in the file`,
    why:
      maxDocuments === 1 ? 'each document has its own file, so that a place names it' : 'K3s applies a file as a whole',
    fix: 'put them into files of their own',
  }),
  'too-many-tokens': ({ maxTokens }: YamlOptions) => ({
    code: 'TOO_COMPLEX',
    what: `the text has more than ${maxTokens} parts`,
    why: 'reading it would hold up everything else',
    fix: 'split the file',
  }),
} as const
