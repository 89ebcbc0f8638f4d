import { isAlias, isMap, isScalar, isSeq, type Scalar } from 'yaml'
import { type ConfigScalar, type ConfigValue, isSecretKey } from '../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../domain/problem.ts'
import type { SourceLines } from './source-lines.ts'
import type { ReportedText, YamlReport } from './yaml-report.ts'
import { type ResolvedScalar, resolvePlain, text as textScalar } from './yaml11-scalars.ts'

/** Values from the nodes of one document, in the order of the document: an anchor counts from where it stands. */
export interface NodeValues {
  /** What a key is to K3s; undefined for one that is no scalar. */
  keyOf(node: unknown): string | undefined
  /**
   * The value of a top-level key; undefined, with a problem, where an alias leads nowhere. Below the key of a secret the
   * problem names nothing: what looks like an alias may be the secret itself.
   */
  valueBelow(key: string, node: unknown): ConfigValue | undefined
  /** What the values of secret flags held, by text and by the lines they stand on. */
  readonly secrets: { readonly texts: ReadonlySet<string>; readonly lines: ReadonlySet<number> }
  startOf(node: unknown): number
  locate(offset: number): LocatedLine
  /** `a list`, `a text`: for messages. */
  kindOf(node: unknown): string
}

/** Values that the aliases of a document may stand for, together. */
const maxValues = 10_000

export function nodeValues(lines: SourceLines, report: YamlReport): NodeValues {
  const anchors = new Map<string, ConfigValue | undefined>()
  const secretTexts = new Set<string>()
  const secretLines = new Set<number>()
  let budget = maxValues
  let isSecret = false

  const convert = (node: unknown): ConfigValue | undefined => {
    if (isAlias(node)) return follow(node.source, startOf(node))
    // A key without a value is null.
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return nullAt(startOf(node))
    // An alias inside its own anchor finds it without a value.
    if (node.anchor !== undefined) anchors.set(node.anchor, undefined)
    const value = isScalar(node) ? scalar(node) : isSeq(node) ? list(node.items) : map(node.items)
    if (node.anchor !== undefined) anchors.set(node.anchor, value)
    return value
  }

  const follow = (name: string, offset: number): ConfigValue | undefined => {
    const value = anchors.get(name)
    if (value === undefined) {
      const told = isSecret ? undefined : name
      report.add(offset, anchors.has(name) ? aliasCycle(told) : aliasUnknown(told))
      return undefined
    }
    if (budget >= 0) budget -= sizeOf(value)
    if (budget >= 0) return value
    report.add(offset, aliasExpansion)
    return undefined
  }

  const scalar = (node: Scalar): ConfigScalar => {
    const source = node.source ?? ''
    const isQuoted = node.type !== 'PLAIN'
    return { kind: 'scalar', ...resolve(node, source, isQuoted), source, isQuoted, at: lines.locate(startOf(node)) }
  }

  const list = (items: readonly unknown[]): ConfigValue => ({
    kind: 'list',
    items: items.flatMap((item) => convert(item) ?? []),
  })

  /** Only looked through for anchors: what is in a mapping means nothing to K3s. */
  const map = (pairs: readonly { readonly key: unknown; readonly value: unknown }[]): ConfigValue => {
    for (const pair of pairs) {
      convert(pair.key)
      convert(pair.value)
    }
    return { kind: 'map' }
  }

  const nullAt = (offset: number): ConfigScalar => ({
    kind: 'scalar',
    type: 'null',
    text: '',
    source: '',
    isQuoted: false,
    at: lines.locate(offset),
  })

  return {
    keyOf(node) {
      const value = convert(node)
      return value?.kind === 'scalar' && value.type !== 'null' && value.text !== '' ? value.text : undefined
    },
    valueBelow(key, node) {
      isSecret = isSecretKey(key)
      const value = convert(node)
      if (isSecret) {
        for (const text of value === undefined ? [] : textsOf(value)) secretTexts.add(text)
        const last = lines.locate(endOf(node)).place.line
        for (let line = lines.locate(startOf(node)).place.line; line <= last; line++) secretLines.add(line)
      }
      isSecret = false
      return value
    },
    secrets: { texts: secretTexts, lines: secretLines },
    startOf,
    locate: (offset) => lines.locate(offset),
    kindOf: (node) => (isSeq(node) ? 'a list' : isMap(node) ? 'a mapping' : 'a text'),
  }
}

/** An explicit tag wins over the look of a plain scalar; tags that K3s's reader does not know make it text. */
function resolve(node: Scalar, source: string, isQuoted: boolean): ResolvedScalar {
  const tag = node.tag ?? ''
  if (tag === '' || tag === '!') return isQuoted ? textScalar(source) : resolvePlain(source)
  const type = knownTags[tag]
  const resolved = resolvePlain(source)
  if (type === 'float' && resolved.type === 'integer') return { ...resolved, type }
  return type !== undefined && resolved.type === type ? resolved : textScalar(source)
}

const knownTags: Readonly<Record<string, ConfigScalar['type']>> = {
  'tag:yaml.org,2002:bool': 'boolean',
  'tag:yaml.org,2002:int': 'integer',
  'tag:yaml.org,2002:float': 'float',
  'tag:yaml.org,2002:null': 'null',
  'tag:yaml.org,2002:timestamp': 'timestamp',
}

function startOf(node: unknown): number {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0
}

function endOf(node: unknown): number {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[1] ?? 0) : 0
}

function sizeOf(value: ConfigValue): number {
  return value.kind === 'list' ? value.items.reduce((sum, item) => sum + sizeOf(item), 1) : 1
}

function textsOf(value: ConfigValue): readonly string[] {
  if (value.kind === 'scalar') return [value.text, value.source]
  return value.kind === 'list' ? value.items.flatMap(textsOf) : []
}

function aliasUnknown(name: string | undefined): ReportedText {
  return {
    code: 'ALIAS_UNKNOWN',
    what: name === undefined ? 'an alias has no anchor before it' : `the alias *${name} has no anchor before it`,
    why: 'K3s cannot read the file and does not start',
    fix: `put &${name ?? 'NAME'} in front of the value that is meant, or quote the text if it is no alias`,
  }
}

function aliasCycle(name: string | undefined): ReportedText {
  return {
    code: 'ALIAS_CYCLE',
    what: `${name === undefined ? 'an alias' : `the alias *${name}`} stands inside the value that it repeats`,
    why: 'such a value has no end, and K3s does not start',
    fix: 'write the inner value out',
  }
}

const aliasExpansion: ReportedText = {
  code: 'ALIAS_EXPANSION',
  what: `the aliases stand for more than ${maxValues} values`,
  why: 'a few lines of aliases can describe more than any memory holds',
  fix: 'write the values out, or use fewer aliases',
}
