import { exitCode } from '../domain/exit-code.ts'
import { findRule } from '../lint/catalogue.ts'
import { codeOfRule, type Rule } from '../lint/rule.ts'
import type { DocumentKind } from '../schema/documents.ts'
import { type Explanation, explain } from '../schema/explain.ts'
import { type Colours, colours } from './colour.ts'
import type { Command } from './command.ts'
import { printable } from './printable.ts'

/** One field of the documents, like `kubectl explain`, or one rule. */
export const explainCommand: Command = async ({ words, terminal }) => {
  const [path = ''] = words
  const style = { colours: colours(terminal.colour), columns: terminal.columns }
  if (path === '') {
    terminal.out.write(formatKinds(style))
    return exitCode.done
  }
  const rule = findRule(path)
  if (rule !== undefined) {
    terminal.out.write(formatRule(rule, style))
    return exitCode.done
  }
  const found = explain(path)
  if ('suggestions' in found) {
    const free = freeFormAbove(path)
    if (free !== undefined) {
      terminal.out.write(`${free.path} is free-form: the names below it are yours to choose\n\n`)
      terminal.out.write(formatExplanation(free, style))
      return exitCode.done
    }
    terminal.err.write(`fairlead: there is no field ${printable(JSON.stringify(path))}\n`)
    const meant = found.suggestions.length === 0 ? 'fairlead explain ClusterNetwork lists them' : 'did you mean one of'
    terminal.err.write(`  fix  ${meant}\n${found.suggestions.map((one) => `       ${one}\n`).join('')}`)
    return exitCode.badUsage
  }
  terminal.out.write(formatExplanation(found, style))
  return exitCode.done
}

interface ExplainStyle {
  readonly colours: Colours
  readonly columns: number
}

const kinds: readonly DocumentKind[] = ['ClusterNetwork', 'NodeNetwork']

function formatKinds({ colours: { bold }, columns }: ExplainStyle): string {
  const list = kinds.map((kind) => {
    const found = explain(kind)
    return `${bold(kind)}\n${wrap('description' in found ? found.description : '', columns, 2)}`
  })
  return `${list.join('')}\nfairlead explain <kind> lists its fields\n`
}

/** The deepest field of a path that exists, if people choose the names below it; names may hold dots. */
function freeFormAbove(path: string): Explanation | undefined {
  const segments = path.slice(0, 1000).split('.')
  for (let length = segments.length - 1; length > 0; length--) {
    const found = explain(segments.slice(0, length).join('.'))
    if (!('suggestions' in found)) return found.type.startsWith('map of names') ? found : undefined
  }
  return undefined
}

export function formatExplanation(
  { kind, path, type, description, isRequired, default: fallback, allowed, fields }: Explanation,
  { colours: { bold }, columns }: ExplainStyle,
): string {
  const facts = [
    ['KIND', kind],
    ['FIELD', path === '' ? '(the document)' : path],
    ['TYPE', isRequired && path !== '' ? `${type}, required` : type],
    ...(fallback === undefined ? [] : [['DEFAULT', fallback]]),
    ...(allowed.length === 0 ? [] : [['ONE OF', allowed.join(', ')]]),
  ]
  const head = facts.map(([name = '', value = '']) => `${bold(name.padEnd(9))}${value}\n`).join('')
  const about = description === '' ? '' : `\n${wrap(description, columns, 0)}`
  const list = fields.map(
    (field) =>
      `  ${bold(field.name)}  <${field.type}>${field.isRequired ? '  required' : ''}\n${wrap(field.description, columns, 6)}`,
  )
  return `${head}${about}${list.length === 0 ? '' : `\n${bold('FIELDS')}\n${list.join('')}`}`
}

export function formatRule(rule: Rule, { colours: { bold }, columns }: ExplainStyle): string {
  const facts = [
    ['RULE', rule.id],
    ['CODE', codeOfRule(rule.id)],
    ['SEVERITY', rule.severity],
    ['RELEASES', rule.versions],
    ['LOOKS AT', rule.looksAt.length === 0 ? 'documents' : rule.looksAt.join(', ')],
  ]
  const head = facts.map(([name = '', value = '']) => `${bold(name.padEnd(9))} ${value}\n`).join('')
  const parts = [
    ['WHAT', rule.title],
    ['WHY', rule.why],
    ['FIX', rule.fix],
  ].map(([name = '', text = '']) => `\n${bold(name)}\n${wrap(text, columns, 2)}`)
  const sources = rule.sources.map((source) => `  ${source}\n`).join('')
  return `${head}${parts.join('')}\n${bold('SOURCES')}\n${sources}`
}

/** Breaks at spaces only, so that a long value stays in one piece. */
function wrap(text: string, columns: number, indent: number): string {
  const room = Math.max(40, columns - indent)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines.map((one) => `${' '.repeat(indent)}${one}\n`).join('')
}
