import { isMap, isPair, isScalar, isSeq, type Pair, parseAllDocuments, type Scalar, visit, type YAMLMap } from 'yaml'

/** Where a value stands that seems to be a secret. */
export interface SecretNode {
  /** Offsets in the text; the value with its quotes, its tag and its anchor. */
  readonly start: number
  readonly end: number
  /** Counted from 1. */
  readonly line: number
}

/**
 * Secret values of a YAML text by what it says instead of by its lines: in flow style, of variables whose value comes
 * first, below their key, as numbers, in arguments of two items, and in YAML that stands in a text of it. In its order.
 *
 * A text that is no YAML has none here; who asks looks at its lines as well.
 */
export function secretNodes(text: string): readonly SecretNode[] {
  if (!mayNameSecret.test(text)) return []
  try {
    return nodesIn(text)
  } catch {
    // Deeper than the parser goes.
    return []
  }
}

const mayNameSecret = /pass|token|secret|key|psk|hmac|credential|authorization|\$(apr1|2[aby]|5|6)\$|LS0tLS1CRUdJTi/i
const deepest = 3

function nodesIn(text: string, depth = 0): readonly SecretNode[] {
  const documents = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false })
  const secrets = new Set<Scalar>()
  for (const document of Array.isArray(documents) ? documents : []) {
    if (document.errors.length > 0) return []
    visit(document, {
      Pair: (_key, pair) => {
        for (const scalar of secretsOfPair(pair)) secrets.add(scalar)
      },
      Map: (_key, map) => {
        for (const scalar of secretsOfVariable(map)) secrets.add(scalar)
      },
      Seq: (_key, { items }) => {
        for (const [index, item] of items.entries()) {
          const next = items[index + 1]
          if (isSecretOption(textOf(item)) && isOwn(next, textOf(item)) && !textOf(next).startsWith('-')) {
            secrets.add(next)
          }
        }
      },
      Scalar: (_key, scalar) => {
        if (isSecretText(textOf(scalar), depth)) secrets.add(scalar)
      },
    })
  }
  return [...secrets].flatMap((scalar) => nodeOf(scalar, text)).sort((a, b) => a.start - b.start)
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

const secretWord =
  '(?:pass(?:word|wd|phrase)|token|secret|api[-_]?key|private[-_]?key|secret[-_]?key|access[-_]?key|psk|hmac(?:encoded)?|credentials?)'
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

function isSecretText(text: string, depth: number): boolean {
  // A hash of a password, as htpasswd writes it.
  if (/\$(?:apr1|2[aby]|5|6)\$[\w./]{4,}/.test(text)) return true
  const option = /^--?([\w.-]+)=(.+)$/s.exec(text)
  if (option !== null && isSecretName(option[1] ?? ''))
    return !/^(?:\$[({]|\{\{|\/|\d+$|true$|false$|\*+$)/.test(option[2] ?? '')
  if (/^LS0tLS1CRUdJTi[\w+/=\s]*$/.test(text)) return /PRIVATE KEY/.test(decoded(text))
  return depth < deepest && text.includes('\n') && mayNameSecret.test(text) && nodesIn(text, depth + 1).length > 0
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

function nodeOf({ range }: Scalar, text: string): SecretNode[] {
  if (range === null || range === undefined) return []
  const [start, end] = range
  return [{ start, end, line: text.slice(0, start).split('\n').length }]
}
