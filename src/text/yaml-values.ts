import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml'
import { otherReading } from './ambiguous-scalars.ts'
import type { ReportedText, YamlReport } from './yaml-report.ts'

export interface ValueOptions {
  /** Scalars that Kubernetes reads otherwise are errors; off for text that Kubernetes itself will read. */
  readonly refuseAmbiguous: boolean
  readonly duplicateKeys: 'error' | 'warning'
  /** Collections inside each other, with aliases followed. */
  readonly maxDepth: number
  /** Values that all aliases of a document together may stand for. */
  readonly maxAliasedValues: number
}

/** A document's plain value, and which node each alias stands for. */
export interface ReadDocument {
  readonly value: unknown
  readonly targets: ReadonlyMap<Node, Node>
}

/** A converted node: the value, how many values are in it and how deep it is, aliases followed. */
interface Converted {
  readonly value: unknown
  readonly size: number
  readonly depth: number
}

const nothing: Converted = { value: undefined, size: 0, depth: 0 }
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Plain values from nodes, with everything refused that would surprise, flood or poison what reads them. */
export function readDocument(document: Document, report: YamlReport, options: ValueOptions): ReadDocument {
  const anchors = new Map<string, { readonly node: Node; readonly converted: Converted | undefined }>()
  const targets = new Map<Node, Node>()
  let aliasedValues = 0

  const convert = (node: unknown, depth: number): Converted => {
    if (isAlias(node)) return follow(node.source, node, depth)
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return { value: null, size: 1, depth: 0 }
    const anchor = node.anchor
    if (anchor !== undefined) anchors.set(anchor, { node, converted: undefined })
    const converted = isScalar(node)
      ? scalar(node)
      : isSeq(node)
        ? sequence(node.items, depth)
        : mapping(node.items, depth)
    if (anchor !== undefined) anchors.set(anchor, { node, converted })
    return converted
  }

  const follow = (name: string, alias: Node, depth: number): Converted => {
    const anchor = anchors.get(name)
    const offset = startOf(alias)
    if (anchor === undefined) {
      report.add(offset, aliasUnknown(name))
      return nothing
    }
    targets.set(alias, anchor.node)
    if (anchor.converted === undefined) {
      report.add(offset, aliasCycle(name))
      return nothing
    }
    aliasedValues += anchor.converted.size
    if (aliasedValues > options.maxAliasedValues || depth + anchor.converted.depth > options.maxDepth) {
      report.add(offset, aliasExpansion(options))
      return nothing
    }
    return anchor.converted
  }

  const scalar = (node: Scalar): Converted => {
    const reading = options.refuseAmbiguous && node.type === 'PLAIN' ? otherReading(node.source ?? '') : undefined
    if (reading !== undefined) report.add(startOf(node), ambiguousScalar(node.source ?? '', reading))
    return { value: node.value, size: 1, depth: 0 }
  }

  const sequence = (items: readonly unknown[], depth: number): Converted => {
    const values: unknown[] = []
    let size = 1
    let inner = 0
    for (const item of items) {
      const converted = convert(item, depth + 1)
      values.push(converted.value)
      size += converted.size
      inner = Math.max(inner, converted.depth)
    }
    return { value: values, size, depth: inner + 1 }
  }

  const mapping = (pairs: readonly Pair[], depth: number): Converted => {
    const own: Record<string, unknown> = {}
    const merged: Record<string, unknown> = {}
    const seen = new Set<string>()
    let size = 1
    let inner = 0
    for (const pair of pairs) {
      const key = keyOf(pair)
      const converted = convert(pair.value, depth + 1)
      size += converted.size
      inner = Math.max(inner, converted.depth)
      if (key === undefined) continue
      if (isMergeKey(pair)) {
        merge(merged, converted.value, pair)
        continue
      }
      if (seen.has(key)) report.add(startOf(pair.key), duplicateKey(key, options.duplicateKeys))
      seen.add(key)
      own[key] = converted.value
    }
    return { value: { ...merged, ...own }, size, depth: inner + 1 }
  }

  const keyOf = (pair: Pair): string | undefined => {
    const { key } = pair
    const resolved = isAlias(key) ? convert(key, 0).value : isScalar(key) ? scalar(key).value : undefined
    const text = typeof resolved === 'string' ? resolved : isNumberOrBoolean(resolved) ? String(resolved) : undefined
    if (text === undefined) {
      if (!isAlias(key)) report.add(startOf(key ?? pair.value), keyNotText)
      return undefined
    }
    if (isScalar(key) && key.anchor !== undefined) {
      anchors.set(key.anchor, { node: key, converted: { value: key.value, size: 1, depth: 0 } })
    }
    if (!forbiddenKeys.has(text)) return text
    report.add(startOf(key), forbiddenKey(text))
    return undefined
  }

  /** Keys of the first source win over those of later ones, and written keys over both (YAML 1.1 merge key). */
  const merge = (into: Record<string, unknown>, value: unknown, pair: Pair): void => {
    const sources = Array.isArray(value) ? value : [value]
    for (const source of sources) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        if (source !== undefined) report.add(startOf(pair.key), mergeNotMapping)
        continue
      }
      for (const [key, item] of Object.entries(source)) if (!Object.hasOwn(into, key)) into[key] = item
    }
  }

  return { value: convert(document.contents, 0).value, targets }
}

export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.source === '<<'
}

export function startOf(node: unknown): number {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0
}

function isNumberOrBoolean(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean'
}

const keyNotText: ReportedText = {
  code: 'KEY_NOT_TEXT',
  what: 'a key is empty, or is itself a list or a mapping',
  why: 'fields have names',
  fix: 'write a name before the ":"',
}

const mergeNotMapping: ReportedText = {
  code: 'MERGE_NOT_MAPPING',
  what: '"<<" is given something that is no mapping',
  why: 'it takes over the keys of another mapping',
  fix: 'give it an alias of a mapping (<<: *name), or a list of them',
}

function aliasUnknown(name: string): ReportedText {
  return {
    code: 'ALIAS_UNKNOWN',
    what: `the alias *${name} has no anchor &${name} before it`,
    why: 'an alias repeats a value that was named earlier in the same document',
    fix: `put &${name} in front of that value, or quote the text if it is no alias`,
  }
}

function aliasCycle(name: string): ReportedText {
  return {
    code: 'ALIAS_CYCLE',
    what: `the alias *${name} stands inside the value that it repeats`,
    why: 'such a value has no end',
    fix: 'write the inner value out',
  }
}

function aliasExpansion(options: ValueOptions): ReportedText {
  return {
    code: 'ALIAS_EXPANSION',
    what: `the aliases stand for more than ${options.maxAliasedValues} values, or nest deeper than ${options.maxDepth}`,
    why: 'a few lines of aliases can describe more than any memory holds',
    fix: 'write the values out, or use fewer aliases',
  }
}

function ambiguousScalar(source: string, reading: string): ReportedText {
  return {
    code: 'AMBIGUOUS_SCALAR',
    what: `${source} without quotes means different things to different readers`,
    why: `Kubernetes reads it as ${reading}, others as text or another number`,
    fix: `write "${source}" for the text, or the plain form of the value (true, false, a decimal number)`,
  }
}

function duplicateKey(key: string, severity: 'error' | 'warning'): ReportedText {
  return {
    code: 'DUPLICATE_KEY',
    severity,
    what: `${JSON.stringify(key)} is written twice in one mapping`,
    why: 'only the last one would count',
    fix: 'keep one of them',
  }
}

function forbiddenKey(key: string): ReportedText {
  return {
    code: 'FORBIDDEN_KEY',
    what: `${JSON.stringify(key)} cannot be a key`,
    why: 'programs that read it could mistake it for a part of themselves',
    fix: 'use another name',
  }
}
