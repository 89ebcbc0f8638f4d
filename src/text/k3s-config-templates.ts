import { isMap, isScalar, isSeq } from 'yaml'
import type { Problem } from '../domain/problem.ts'
import type { NodeValues } from './yaml11-values.ts'

/** `{{ .Values.x }}`, `{% if x %}`: nothing that K3s is ever configured with begins like this. */
export function isTemplateMark(text: string, offset: number): boolean {
  return /^\{[{%]/.test(text.slice(offset, offset + 2))
}

/**
 * Where a text that is no YAML has its first placeholder; undefined where there is none, or where the text went wrong
 * before it.
 */
export function templateInText(text: string, problems: readonly Problem[]): number | undefined {
  const [first] = problems
  if (first?.code !== 'YAML_SYNTAX') return undefined
  const offset = [...text.matchAll(/\{[{%]/g)].find((match) => !isInComment(text, match.index))?.index
  if (offset === undefined) return undefined
  const line = text.slice(0, offset).split('\n').length
  return problems.some((problem) => problem.place.line < line) ? undefined : offset
}

/**
 * The same in a manifest. There `{{ x }}` may be YAML, a mapping for a key, and is refused for that; a quoted one is
 * text, which went wrong for another reason.
 */
export function templateInManifest(text: string, problems: readonly Problem[]): number | undefined {
  const match = [...text.matchAll(/^(?:[ \t]*(?:- +)*(?:[\w."'/-]+:[ \t]+)?)(\{[{%])/gm)].find(
    ({ index }) => !isInComment(text, index),
  )
  if (match === null || match === undefined) return undefined
  const offset = match.index + match[0].length - 2
  const line = text.slice(0, offset).split('\n').length
  return problems.some(({ severity, place }) => severity === 'error' && place.line < line) ? undefined : offset
}

/** The first placeholder in a value: in braces that YAML takes for a mapping, or in a text. */
export function templateOffset(
  text: string,
  node: unknown,
  values: NodeValues,
): { readonly offset: number; readonly isText: boolean } | undefined {
  if (isSeq(node)) {
    for (const item of node.items) {
      const found = templateOffset(text, item, values)
      if (found !== undefined) return found
    }
    return undefined
  }
  const offset = values.startOf(node)
  if (isMap(node)) return isTemplateMark(text, offset) ? { offset, isText: false } : undefined
  return isScalar(node) && holdsPlaceholder(node.source ?? '') ? { offset, isText: true } : undefined
}

function isInComment(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', offset) + 1, offset)
  return /(^|\s)#/.test(line)
}

/** `{{ x }}`, `{% x %}` or `${X}`; looked for without going back, whatever the length. */
function holdsPlaceholder(text: string): boolean {
  const spans = (open: string, close: string): boolean => {
    const start = text.indexOf(open)
    return start >= 0 && text.includes(close, start + open.length)
  }
  return spans('{{', '}}') || spans('{%', '%}') || /\$\{\w{1,256}\}/.test(text)
}
