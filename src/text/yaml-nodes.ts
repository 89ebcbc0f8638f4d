import { type Document, isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml'

/** A stretch of a text, in UTF-16 units. */
export interface NodeRange {
  readonly start: number
  readonly end: number
}

/** The nodes of one document, with their offsets; undefined for a text that cannot be understood. */
export function readNodes(text: string): Document | undefined {
  try {
    const document: Document = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' })
    return document.errors.length > 0 ? undefined : document
  } catch {
    // The parser does not survive every nesting.
    return undefined
  }
}

/** Where a value is written, without the comment behind it. */
export function rangeOf(node: unknown): NodeRange | undefined {
  const range = isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined
  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] }
}

/** The field of a mapping; the last one, where it is written twice. */
export function fieldOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === key)
}
