import { parse } from 'yaml'
import { otherReading } from './ambiguous-scalars.ts'

/** What can be written into a document: fields in the order in which they are to be read. */
export type DocumentValue = string | number | boolean | readonly DocumentValue[] | DocumentMapping
export interface DocumentMapping {
  readonly [field: string]: DocumentValue
}

export interface DocumentLayout {
  /** Above everything, one comment a paragraph; a paragraph that begins with `- ` is an item of a list. */
  readonly header?: readonly string[]
  /** Above a field, by its path: `spec.cni`. */
  readonly comments?: ReadonlyMap<string, readonly string[]>
  /** Paths of mappings with an empty line between their fields: `spec`. */
  readonly spaced?: readonly string[]
}

const longestLine = 100
const longestFlow = 80

/**
 * YAML as a person would write it: fields in their own order, short lists on one line, quotes where a reader of YAML 1.1
 * or 1.2 would see something else than the text, and comments. The same value gives the same bytes.
 *
 * `toYaml` is for files of machines; this is for documents that people go on to edit.
 */
export function printYamlDocument(document: DocumentMapping, layout: DocumentLayout = {}): string {
  const header = (layout.header ?? []).flatMap((paragraph) => commentLines(paragraph, ''))
  return [...header, ...mappingLines(document, '', layout)].map((line) => `${line}\n`).join('')
}

function mappingLines(mapping: DocumentMapping, path: string, layout: DocumentLayout): string[] {
  const isSpaced = layout.spaced?.includes(path) === true
  return Object.entries(mapping).flatMap(([field, value], index) => {
    const below = path === '' ? field : `${path}.${field}`
    const comments = (layout.comments?.get(below) ?? []).flatMap((paragraph) => commentLines(paragraph, ''))
    const gap = isSpaced && index > 0 ? [''] : []
    return [...gap, ...comments, ...fieldLines(field, value, below, layout)]
  })
}

function fieldLines(field: string, value: DocumentValue, path: string, layout: DocumentLayout): string[] {
  const key = printScalar(field)
  const flow = flowText(value, path.split('.').length)
  if (flow !== undefined && (isEmpty(value) || key.length + flow.length <= longestFlow)) return [`${key}: ${flow}`]
  if (isList(value)) return [`${key}:`, ...indented(value.flatMap((item) => itemLines(item, path, layout)))]
  if (typeof value === 'object') return [`${key}:`, ...indented(mappingLines(value, path, layout))]
  return [`${key}: ${printScalar(value)}`]
}

function itemLines(item: DocumentValue, path: string, layout: DocumentLayout): string[] {
  const flow = isMapping(item) ? flowOfMapping(item) : flowText(item, 1)
  if (flow !== undefined && flow.length <= longestFlow) return [`- ${flow}`]
  const lines = isMapping(item)
    ? mappingLines(item, `${path}[]`, layout)
    : isList(item)
      ? item.flatMap((inner) => itemLines(inner, path, layout))
      : [printScalar(item)]
  return lines.map((line, index) => (index === 0 ? `- ${line}` : indent(line)))
}

/** On one line: scalars, lists of scalars, what is empty, and, further inside, a mapping of one such field. */
function flowText(value: DocumentValue, depth: number): string | undefined {
  if (isList(value)) return value.every(isScalar) ? `[${value.map(printScalar).join(', ')}]` : undefined
  if (!isMapping(value)) return printScalar(value)
  const fields = Object.keys(value)
  if (fields.length === 0) return '{}'
  return depth > 2 && fields.length === 1 ? flowOfMapping(value) : undefined
}

function flowOfMapping(mapping: DocumentMapping): string | undefined {
  const parts = Object.entries(mapping).map(([field, value]) => {
    const text = isMapping(value) ? undefined : flowText(value, 1)
    return text === undefined ? undefined : `${printScalar(field)}: ${text}`
  })
  if (parts.length === 0) return '{}'
  return parts.every((part) => part !== undefined) ? `{ ${parts.join(', ')} }` : undefined
}

function printScalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  return isPlain(value) ? value : quoted(value)
}

/** Readable without quotes, alone and inside `[ ]`, by every reader of YAML. */
function isPlain(text: string): boolean {
  if (!/^[A-Za-z0-9/][A-Za-z0-9._/+@=:-]*$/.test(text) || /:$/.test(text)) return false
  if (otherReading(text) !== undefined || /^[\d:]+$/.test(text)) return false
  return parse(text, { version: '1.1' }) === text && parse(text, { version: '1.2' }) === text
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Wrapped at words. Whatever is in the text, it stays a comment. */
function commentLines(paragraph: string, prefix: string): string[] {
  const text = paragraph.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  if (text === '') return [`${prefix}#`]
  const hanging = text.startsWith('- ') ? '  ' : ''
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/ +/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && longer.length > longestLine) {
      lines.push(line)
      line = `${hanging}${word}`
    } else line = longer
  }
  return [...lines, line].map((one) => `${prefix}# ${one}`)
}

function indented(lines: readonly string[]): string[] {
  return lines.map(indent)
}

function indent(line: string): string {
  return line === '' ? '' : `  ${line}`
}

function isList(value: DocumentValue): value is readonly DocumentValue[] {
  return Array.isArray(value)
}

function isMapping(value: DocumentValue): value is DocumentMapping {
  return typeof value === 'object' && !Array.isArray(value)
}

function isEmpty(value: DocumentValue): boolean {
  return typeof value === 'object' && Object.keys(value).length === 0
}

function isScalar(value: DocumentValue): value is string | number | boolean {
  return typeof value !== 'object'
}
