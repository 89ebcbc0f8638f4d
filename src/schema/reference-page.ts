import type { DocumentKind } from './documents.ts'
import { allowedValues, typeText, writtenDefault } from './explain.ts'
import { type JsonSchema, jsonSchema } from './json-schema.ts'
import { unenforcedPaths } from './not-enforced.ts'

const markMeaning =
  'A field marked † is read and checked, but this version does not act on it yet, or not on every value; `fairlead validate` says so where it is used.'

/** The reference page of one kind, in Markdown: every field with its type, default, values and meaning. */
export function referencePage(kind: DocumentKind): string {
  const schema = jsonSchema(kind)
  const sections = Object.entries(schema.properties?.['spec']?.properties ?? {})
  const header = Object.entries(schema.properties ?? {}).filter(([name]) => name !== 'spec')
  return [
    `# ${kind}`,
    '',
    '<!-- Generated from src/schema by scripts/generate-reference.ts. Edits are overwritten. -->',
    '',
    schema.description ?? '',
    '',
    ...(unenforcedPaths(kind).length === 0 ? [] : [markMeaning, '']),
    ...table(header.flatMap(([name, field]) => rows(kind, name, field, schema))),
    ...sections.flatMap(([name, field]) => [
      '',
      `## spec.${name}`,
      '',
      ...table(rows(kind, `spec.${name}`, field, schema.properties?.['spec'] ?? {})),
    ]),
    '',
  ].join('\n')
}

function table(lines: readonly string[]): string[] {
  return ['| Field | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...lines]
}

/** One line for the field, and one for each field below it. */
function rows(kind: DocumentKind, path: string, schema: JsonSchema, parent: JsonSchema): string[] {
  const inner = schema.items ?? schema
  const inside = schema.items === undefined ? path : `${path}[]`
  const isRequired = parent.required?.includes(path.slice(path.lastIndexOf('.') + 1)) === true
  const written = writtenDefault(schema)
  const isMarked = unenforcedPaths(kind).includes(path)
  const allowed = allowedValues(inner)
  const cells = [
    `\`${path}\`${isMarked ? ' †' : ''}`,
    typeText(schema),
    written === undefined ? (isRequired ? 'required' : '') : `\`${written}\``,
    [
      cell(schema.description ?? ''),
      ...(allowed.length > 1 ? [`One of ${allowed.map((value) => `\`${value}\``).join(', ')}.`] : []),
    ].join(' '),
  ]
  return [
    `| ${cells.join(' | ')} |`,
    ...Object.entries(inner.properties ?? {}).flatMap(([name, field]) => rows(kind, `${inside}.${name}`, field, inner)),
  ]
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
