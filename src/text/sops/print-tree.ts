import { printGoFloat } from './go-float.ts'
import type { TypedScalar } from './typed-scalar.ts'
import type { TypedEntry, TypedMap, TypedTree } from './typed-tree.ts'

/**
 * Trees as a manifest that K3s reads back to the same values: every text in double quotes with JSON's escapes, which
 * both versions of YAML share, so that no carriage return, tab or trailing blank of a secret is lost.
 */
export function printTrees(documents: readonly TypedMap[], format: 'yaml' | 'json'): string {
  if (format === 'json') return documents.map((document) => `${printJson(document)}\n`).join('')
  return documents.map((document) => (document.entries.length === 0 ? '{}\n' : printMap(document, ''))).join('---\n')
}

function printMap({ entries }: TypedMap, indent: string): string {
  return entries.map(({ key, value }) => `${indent}${printKey(key)}:${printBelow(value, indent)}`).join('')
}

function printBelow(value: TypedTree, indent: string): string {
  const inner = `${indent}  `
  if (value.kind === 'map' && value.entries.length > 0) return `\n${printMap(value, inner)}`
  if (value.kind === 'list' && value.items.length > 0) {
    return `\n${value.items.map((item) => `${inner}-${printBelow(item, inner)}`).join('')}`
  }
  return ` ${printJson(value)}\n`
}

/** Keys that no YAML version reads as anything but themselves stay readable. */
function printKey(key: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9._/-]*$/.test(key) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(key)
  return isPlain ? key : printText(key)
}

function printJson(value: TypedTree): string {
  switch (value.kind) {
    case 'null':
      return 'null'
    case 'scalar':
      return printScalar(value)
    case 'list':
      return `[${value.items.map(printJson).join(',')}]`
    case 'map':
      return `{${value.entries.map(printEntry).join(',')}}`
    default:
      return value satisfies never
  }
}

function printEntry({ key, value }: TypedEntry): string {
  return `${printText(key)}:${printJson(value)}`
}

function printScalar({ type, text }: TypedScalar): string {
  switch (type) {
    case 'boolean':
      return text === 'True' ? 'true' : 'false'
    case 'integer':
      return text
    case 'float':
      // From 1e21 up a row of digits would be an integer that no reader holds.
      return Math.abs(Number(text)) >= 1e21 ? String(Number(text)) : printGoFloat(Number(text))
    case 'string':
    case 'timestamp':
      return printText(text)
    default:
      return type satisfies never
  }
}

/** What JSON leaves alone and YAML does not take, or takes for a line break. */
const yamlUnsafe = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g

function printText(text: string): string {
  return JSON.stringify(text).replace(
    yamlUnsafe,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
