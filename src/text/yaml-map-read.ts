import { hasErrors } from '../domain/problem.ts'
import { documentOptions, readYaml, type YamlOptions } from './yaml-source.ts'

/** What somebody's text is as a values file: a mapping, nothing at all, or something that Helm cannot take. */
export type YamlMapReading =
  | {
      readonly kind: 'map'
      readonly value: Readonly<Record<string, unknown>>
      /** Documents behind the first one, which Helm does not read. */
      readonly furtherDocuments: number
    }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'invalid'
      /** Without a piece of the text: it may hold a secret. */
      readonly reason: string
      /** Line of the text, from 1. */
      readonly line: number
    }

/** Kubernetes and Helm read it themselves; a repeated key is theirs to resolve. */
const valuesOptions: YamlOptions = {
  ...documentOptions,
  maxDocuments: 50,
  refuseAmbiguous: false,
  duplicateKeys: 'warning',
  hideLines: true,
}

/**
 * The values of a chart, as they stand in `valuesContent`. Never throws.
 * @see helm/helm pkg/chartutil/values.go (`ReadValues`: the first document counts)
 */
export function readValuesText(text: string): YamlMapReading {
  const leftover = templateLeftover(text)
  if (leftover !== undefined) return leftover
  const { documents, problems } = readYaml('values', text, valuesOptions)
  if (hasErrors(problems)) {
    const first = problems.find((problem) => problem.severity === 'error')
    return {
      kind: 'invalid',
      reason: first?.what ?? 'it is not YAML',
      line: Math.min(first?.place.line ?? 1, lastLine(text)),
    }
  }
  const [document, ...further] = documents
  if (document === undefined || document.value === null || document.value === undefined) return { kind: 'empty' }
  const { value } = document
  if (typeof value !== 'object' || Array.isArray(value)) {
    const what = Array.isArray(value) ? 'a list' : 'a single value'
    return { kind: 'invalid', reason: `it is ${what}, and values are a mapping`, line: document.place([]).place.line }
  }
  return { kind: 'map', value: { ...value }, furtherDocuments: further.filter(holdsValue).length }
}

/**
 * A `{{ … }}` or `{% … %}` that opens a value or a line: YAML reads it as a mapping, and Helm does not run its template
 * engine over values. Quoted ones are text, and some charts expand them.
 */
function templateLeftover(text: string): YamlMapReading | undefined {
  const lines = text.split(/\r?\n/)
  let blockIndent: number | undefined
  for (const [index, line] of lines.entries()) {
    const indent = line.search(/\S/)
    if (indent < 0) continue
    if (blockIndent !== undefined && indent > blockIndent) continue
    blockIndent = /[:-]\s+([!&]\S+\s+)*[|>][-+0-9]*\s*(#.*)?$/.test(line) ? indent : undefined
    const mark = /^(?:\s*(?:-\s+)*)(?:[\w."'/-]+:\s+)?(\{[{%])/.exec(line)?.[1]
    if (mark !== undefined) {
      return {
        kind: 'invalid',
        reason: `a template expression (${mark} … ${mark === '{{' ? '}}' : '%}'}) stands in it that nobody expands`,
        line: index + 1,
      }
    }
  }
  return undefined
}

/** A parser tells of an unclosed bracket behind the last line. */
function lastLine(text: string): number {
  return text.trimEnd().split('\n').length
}

function holdsValue(document: { readonly value: unknown }): boolean {
  return document.value !== null && document.value !== undefined
}
