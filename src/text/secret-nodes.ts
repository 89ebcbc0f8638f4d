import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

/** Where a value stands that seems to be a secret. */
interface SecretNode {
  /** Offsets in the text; the value with its quotes, and without its tag and its anchor. */
  readonly start: number
  readonly end: number
  /** Counted from 1. */
  readonly line: number
}

/**
 * Secret values of a YAML text by what it says instead of by its lines: in flow style, of variables whose value comes
 * first, below their key, as numbers, in arguments of two items, and in YAML that stands in a text of it. In its order.
 *
 * Of a text that is no YAML only what still looks like it is seen; who asks looks at its lines as well.
 */
export function secretNodes(text: string): readonly SecretNode[] {
  if (text.length > longest || !mayNameSecret.test(text)) return []
  try {
    return nodesIn(text)
  } catch {
    // Deeper than the parser goes.
    return []
  }
}

const mayNameSecret =
  /pass|token|secret|key|psk|pre[-_]?shared[-_]?key|auth[-_]?key|dockerconfigjson|hmac|credential|authorization|\$(apr1|2[aby]|5|6)\$|LS0tLS1CRUdJTi/i
/** No object of the API is larger, and a vendored manifest that is holds no values. */
const longest = 1024 * 1024
const mostTexts = 3
const mostLevels = 100

function nodesIn(text: string, texts = 0): readonly SecretNode[] {
  const documents = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false })
  const secrets = new Set<Scalar>()
  // What cannot be read to its end may hold a secret as well.
  for (const { contents } of Array.isArray(documents) ? documents : [])
    addSecrets(contents, { secrets, texts, level: 0 })
  return withLines([...secrets].flatMap(rangeOf), text)
}

interface Walk {
  readonly secrets: Set<Scalar>
  /** How many texts that are YAML themselves this one stands in. */
  readonly texts: number
  readonly level: number
}

function addSecrets(node: unknown, walk: Walk): void {
  const { secrets, level } = walk
  if (level > mostLevels) return
  const below = { ...walk, level: level + 1 }
  if (isScalar(node)) {
    if (isSecretText(textOf(node), walk.texts)) secrets.add(node)
  } else if (isSeq(node)) {
    for (const scalar of secretsOfOptions(node)) secrets.add(scalar)
    for (const item of node.items) addSecrets(item, below)
  } else if (isMap(node)) {
    for (const scalar of secretsOfVariable(node)) secrets.add(scalar)
    for (const item of node.items) addSecrets(item, below)
  } else if (isPair(node)) {
    for (const scalar of secretsOfPair(node)) secrets.add(scalar)
    addSecrets(node.value, below)
  }
}

/** `password: x`, `tokens: [x]`, `password: { value: x }`. */
function secretsOfPair({ key, value }: Pair): readonly Scalar[] {
  const name = textOf(key)
  if (isSeq(value) && pluralName.test(name)) return value.items.filter((item) => isOwn(item, name))
  if (!isSecretName(name)) return []
  if (isMap(value)) return value.items.flatMap((inner) => (textOf(inner.key) === 'value' ? ownIn(inner, name) : []))
  return isOwn(value, name) ? [value] : []
}

/** `{ name: DB_PASSWORD, value: x }`, in either order. */
function secretsOfVariable({ items }: YAMLMap): readonly Scalar[] {
  const pairs = items.filter((item) => isPair(item))
  const name = textOf(pairs.find(({ key }) => textOf(key) === 'name')?.value)
  if (!isSecretName(name)) return []
  return pairs.flatMap((pair) => (textOf(pair.key) === 'value' ? ownIn(pair, `${name}-password`) : []))
}

function ownIn({ value }: Pair, name: string): readonly Scalar[] {
  return isOwn(value, name) ? [value] : []
}

/** `[--api-token, x]`. */
function secretsOfOptions({ items }: YAMLSeq): readonly Scalar[] {
  return items.filter((item, index): item is Scalar => {
    const option = textOf(items[index - 1])
    return isSecretOption(option) && isOwn(item, option) && !textOf(item).startsWith('-')
  })
}

const secretWord =
  '(?:pass(?:word|wd|phrase)?|token|secret|api[-_]?key|private[-_]?key|secret[-_]?key|access[-_]?key|psk|pre[-_]?shared[-_]?key|auth[-_]?key|dockerconfigjson|hmac(?:encoded)?|credentials?)'
const secretName = new RegExp(`${secretWord}$|^authorization$`, 'i')
const pluralName = /(?:passwords|tokens|api[-_]?keys)$/i

function isSecretName(name: string): boolean {
  return secretName.test(name)
}

/** `--api-token`, whose value is the next item. */
function isSecretOption(text: string): boolean {
  return /^--?[\w.-]+$/.test(text) && isSecretName(text)
}

/** A value of its own, and no switch, file, reference or text that is filled in elsewhere. */
function isOwn(node: unknown, name: string): node is Scalar {
  if (!isScalar(node)) return false
  const text = textOf(node)
  if (typeof node.value === 'number' || /^\d+[smh]?$/.test(text)) return /pass/i.test(name) || /^\d{8,}$/.test(text)
  if (text === '' || text === 'true' || text === 'false' || text === mask || typeof node.value !== 'string')
    return false
  if (/^(?:\$[({]|%\{|\{\{)|^\$[A-Z_][A-Z0-9_]*$|^(?:\/[\w.@-]+){2,}$/.test(text)) return false
  // Where a Secret is meant its name stands there; what cannot be a name is the secret itself.
  return !/secret$/i.test(name) || !(objectName.test(text) && !/^[0-9a-f]{24,}$/.test(text))
}

const mask = '********'
const objectName = /^(?:[a-z0-9][-a-z0-9]*\/)?[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/

function isSecretText(text: string, texts: number): boolean {
  // A hash of a password, as htpasswd writes it.
  if (/\$(?:apr1|2[aby]|5|6)\$[\w./]{4,}/.test(text)) return true
  const option = /^--?([\w.-]+)=(.+)$/s.exec(text)
  if (option !== null && isSecretName(option[1] ?? ''))
    return !/^(?:\$[({]|\{\{|\/|\d+$|true$|false$|\*+$)/.test(option[2] ?? '')
  if (/^LS0tLS1CRUdJTi[\w+/=\s]*$/.test(text)) return /PRIVATE KEY/.test(decoded(text))
  return texts < mostTexts && text.includes('\n') && mayNameSecret.test(text) && nodesIn(text, texts + 1).length > 0
}

function decoded(base64: string): string {
  try {
    return atob(base64.replace(/\s/g, ''))
  } catch {
    return ''
  }
}

function textOf(node: unknown): string {
  if (!isScalar(node)) return ''
  const { value } = node
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? `${value}` : ''
}

function rangeOf({ range }: Scalar): (readonly [number, number])[] {
  return range === null || range === undefined ? [] : [[range[0], range[1]]]
}

/** Counts every line once, however many values there are. */
function withLines(ranges: readonly (readonly [number, number])[], text: string): readonly SecretNode[] {
  let [line, next] = [1, text.indexOf('\n')]
  return ranges
    .toSorted(([a], [b]) => a - b)
    .map(([start, end]) => {
      while (next >= 0 && next < start) {
        line += 1
        next = text.indexOf('\n', next + 1)
      }
      return { start, end, line }
    })
}
