import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import type { LocatedLine, Problem } from '../domain/problem.ts'
import { type Result, refusal, success } from '../domain/result.ts'
import { sourceLines } from './source-lines.ts'
import { composeDocuments, isPrintable, reportSyntax, survived } from './yaml-compose.ts'
import { type ReportedText, type YamlReport, yamlReport } from './yaml-report.ts'
import { readTokens, type TokenLimits } from './yaml-tokens.ts'
import { resolvePlain } from './yaml11-scalars.ts'

/** No reader of K3s has limits of its own; what the API server takes ends at about 3 MiB for one request. */
const limits: TokenLimits = { maxDepth: 100, maxDocuments: 1_000, maxTokens: 5_000_000 }
const maxValues = 1_000_000

/**
 * The first YAML document of a text as Kubernetes' readers turn it into JSON: YAML 1.1 typing (`010` is 8, `yes` is
 * true, a date is text), keys as text, anchors, `<<`, the last of two equal keys. What follows the first document is not
 * looked at.
 *
 * @param text without byte order mark
 * @param origin of the text: the file, and the line of it that the text begins on, from 1
 * @returns the value, `null` for a text of comments; or the first thing that is wrong, its line hidden
 * @see kubernetes-sigs/yaml yaml.go (`YAMLToJSON`), go-yaml/yaml v2 decode.go
 */
export function readYaml11Json(
  text: string,
  origin: { readonly file: string; readonly line: number },
): Result<unknown, Problem> {
  const report = reportOf(text, origin)
  const value = survived(report, () => convertFirst(text, report))
  const [problem] = report.problems
  return problem === undefined ? success(value ?? null) : refusal(problem)
}

function reportOf(text: string, { file, line }: { readonly file: string; readonly line: number }): YamlReport {
  const lines = sourceLines(file, text, { hideLines: true })
  return yamlReport({
    locate(offset): LocatedLine {
      const { place } = lines.locate(offset)
      return { place: { ...place, line: place.line + line - 1 } }
    },
  })
}

function convertFirst(text: string, report: YamlReport): unknown {
  if (!isPrintable(text, report)) return null
  const outcome = readTokens(text, limits)
  if (outcome.kind !== 'tokens') {
    report.add(outcome.offset, tooComplex)
    return null
  }
  const { documents, stream } = composeDocuments(outcome.tokens, '1.1')
  const [document] = documents
  const [error] = (document ?? stream).errors
  if (error !== undefined) {
    reportSyntax(error, report)
    return null
  }
  return document === undefined ? null : convertDocument(document, report)
}

function convertDocument(document: Document, report: YamlReport): unknown {
  const anchors = new Map<string, { readonly value: unknown; readonly size: number } | undefined>()
  let count = 0

  const convert = (node: unknown): unknown => {
    count += 1
    if (isAlias(node)) return follow(node.source, startOf(node))
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null
    const before = count
    if (node.anchor !== undefined) anchors.set(node.anchor, undefined)
    const value = isScalar(node) ? scalar(node, report) : isSeq(node) ? node.items.map(convert) : map(node.items)
    if (node.anchor !== undefined) anchors.set(node.anchor, { value, size: count - before + 1 })
    return value
  }

  const follow = (name: string, offset: number): unknown => {
    const found = anchors.get(name)
    if (found === undefined) {
      report.add(offset, anchors.has(name) ? aliasCycle : aliasUnknown)
      return null
    }
    count += found.size
    if (count <= maxValues) return found.value
    report.add(offset, aliasExpansion)
    return null
  }

  const map = (pairs: readonly { readonly key: unknown; readonly value: unknown }[]): unknown => {
    const result = new Map<string, unknown>()
    for (const { key, value } of pairs) {
      if (isScalar(key) && key.type === 'PLAIN' && key.source === '<<') mergeInto(result, value)
      else result.set(keyText(key), convert(value))
    }
    return Object.fromEntries(result)
  }

  /** In the order of the text, as Go's reader does it: what stands before `<<` is overwritten. */
  const mergeInto = (result: Map<string, unknown>, node: unknown): void => {
    const merged = convert(node)
    // Of several mappings the earlier one wins.
    for (const part of Array.isArray(merged) ? merged.toReversed() : [merged]) {
      if (typeof part !== 'object' || part === null || Array.isArray(part)) {
        report.add(startOf(node), mergeOfNoMap)
        return
      }
      for (const [name, value] of Object.entries(part)) result.set(name, value)
    }
  }

  const keyText = (key: unknown): string => {
    const value = convert(key)
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    report.add(startOf(key), keyOfNoText)
    return ''
  }

  return convert(document.contents)
}

function scalar(node: Scalar, report: YamlReport): unknown {
  const source = node.source ?? ''
  const tag = node.tag ?? ''
  const isPlain = node.type === 'PLAIN'
  if (tag === 'tag:yaml.org,2002:binary') return Buffer.from(source, 'base64').toString('utf8')
  const wanted = tag === '' || tag === '!' ? undefined : numberTags[tag]
  if (wanted === undefined && (tag !== '' || !isPlain)) return source
  const { type, text } = resolvePlain(source)
  if (wanted !== undefined && type !== wanted && !(wanted === 'float' && type === 'integer')) return source
  if (type === 'null') return null
  if (type === 'boolean') return text === 'true'
  if (type !== 'integer' && type !== 'float') return source
  const value = Number(text)
  if (!Number.isFinite(value)) report.add(startOf(node), notFinite)
  // One more or less would be sent to the cluster in its place.
  else if (type === 'integer' && !Number.isSafeInteger(value)) report.add(startOf(node), numberTooLarge)
  return value
}

const numberTags: Readonly<Record<string, 'boolean' | 'integer' | 'float' | 'null'>> = {
  'tag:yaml.org,2002:bool': 'boolean',
  'tag:yaml.org,2002:int': 'integer',
  'tag:yaml.org,2002:float': 'float',
  'tag:yaml.org,2002:null': 'null',
}

function startOf(node: unknown): number {
  const { range } = (node ?? {}) as Partial<Node>
  return range?.[0] ?? 0
}

const why = 'K3s cannot read the file either, and applies nothing of it'

const tooComplex: ReportedText = {
  code: 'TOO_COMPLEX',
  what: 'the document is nested too deep or has too many parts',
  why: 'no object of Kubernetes comes near it; reading it would hold up everything else',
  fix: 'check for unclosed brackets, or split the file',
}

const aliasUnknown: ReportedText = {
  code: 'ALIAS_UNKNOWN',
  what: 'an alias has no anchor before it',
  why,
  fix: 'put the anchor in front of the value that is meant, or quote the text if it is no alias',
}

const aliasCycle: ReportedText = {
  code: 'ALIAS_CYCLE',
  what: 'an alias stands inside the value that it repeats',
  why,
  fix: 'write the inner value out',
}

const aliasExpansion: ReportedText = {
  code: 'ALIAS_EXPANSION',
  what: `the aliases stand for more than ${maxValues} values`,
  why: 'a few lines of aliases can describe more than any memory holds',
  fix: 'write the values out, or use fewer aliases',
}

const mergeOfNoMap: ReportedText = {
  code: 'MERGE_KEY_WRONG',
  what: 'the merge key "<<" has a value that is no mapping',
  why,
  fix: 'give it an alias of a mapping, or quote the key if it is meant literally',
}

const keyOfNoText: ReportedText = {
  code: 'KEY_NOT_TEXT',
  what: 'a key is empty, a list or a mapping',
  why,
  fix: 'write the key as text',
}

const notFinite: ReportedText = {
  code: 'NUMBER_NOT_FINITE',
  what: 'a number is infinite or no number',
  why: 'JSON, which the API server is sent, has no such values',
  fix: 'quote it if it is meant as text',
}

const numberTooLarge: ReportedText = {
  code: 'NUMBER_TOO_LARGE',
  what: 'a whole number is beyond 9007199254740991',
  why: 'it would reach the cluster as its neighbour',
  fix: 'quote it if the field takes text, or write a smaller one',
}
