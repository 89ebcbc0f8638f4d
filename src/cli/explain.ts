import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { findRule } from '../lint/catalogue.ts'
import { codeOfRule, type Rule } from '../lint/rule.ts'
import type { DocumentKind } from '../schema/documents.ts'
import { type Explanation, explain } from '../schema/explain.ts'
import { colours } from './colour.ts'
import type { Command, Terminal } from './command.ts'
import { flagBelow, formatFlag } from './explain-flag.ts'
import {
  closestRule,
  findUnruled,
  formatOtherCode,
  formatRuleList,
  formatUnruled,
  isProblemCode,
} from './explain-rules.ts'
import type { ExplainStyle } from './explain-style.ts'
import { printable } from './printable.ts'
import { wrapText } from './wrap-text.ts'

/** One field of the documents, like `kubectl explain`, one flag of K3s, one rule, or the list of all rules. */
export const explainCommand: Command = async ({ words, terminal }) => {
  const [path = ''] = words
  const style = { colours: colours(terminal.colour), columns: terminal.columns }
  if (path === '') {
    terminal.out.write(formatKinds(style))
    return exitCode.done
  }
  const known = knownWord(path, style)
  if (known !== undefined) {
    terminal.out.write(known)
    return exitCode.done
  }
  const found = explain(path)
  if ('suggestions' in found) {
    const flag = flagBelow(path)
    if (flag !== undefined) return explainFlag(flag, terminal, style)
    const free = freeFormAbove(path)
    if (free !== undefined) {
      terminal.out.write(`${free.path} is free-form: the names below it are yours to choose\n\n`)
      terminal.out.write(formatExplanation(free, style))
      return exitCode.done
    }
    terminal.err.write(unknownWord(path, found.suggestions))
    return exitCode.badUsage
  }
  terminal.out.write(formatExplanation(found, style))
  return exitCode.done
}

/** A rule, an entry without one, the list of all, or a code that no rule has. */
function knownWord(word: string, style: ExplainStyle): string | undefined {
  if (word === 'rules') return formatRuleList(style)
  const rule = findRule(word)
  if (rule !== undefined) return formatRule(rule, style)
  const unruled = findUnruled(word)
  if (unruled !== undefined) return formatUnruled(unruled, style)
  return isProblemCode(word) ? formatOtherCode(word, style) : undefined
}

function explainFlag(
  flag: NonNullable<ReturnType<typeof flagBelow>>,
  { out, err }: Terminal,
  style: ExplainStyle,
): ExitCode {
  if (!('unknown' in flag)) {
    out.write(formatFlag(flag, style))
    return exitCode.done
  }
  const meant = flag.meant === undefined ? 'docs.k3s.io/cli lists them' : `did you mean ${flag.meant}?`
  err.write(`fairlead: K3s has no flag ${printable(JSON.stringify(flag.unknown))}\n  fix  ${meant}\n`)
  return exitCode.badUsage
}

function unknownWord(word: string, fields: readonly string[]): string {
  const rule = word.includes('.') ? undefined : closestRule(word)
  const near = [...fields, ...(rule === undefined ? [] : [rule])]
  const fix =
    near.length > 0
      ? 'did you mean one of'
      : 'fairlead explain ClusterNetwork lists the fields, and fairlead explain rules the rules'
  const list = near.map((one) => `       ${one}\n`).join('')
  return `fairlead: there is no field and no rule ${printable(JSON.stringify(word))}\n  fix  ${fix}\n${list}`
}

const kinds: readonly DocumentKind[] = ['ClusterNetwork', 'NodeNetwork']

function formatKinds({ colours: { bold }, columns }: ExplainStyle): string {
  const list = kinds.map((kind) => {
    const found = explain(kind)
    return `${bold(kind)}\n${wrapText('description' in found ? found.description : '', columns, 2)}`
  })
  return `${list.join('')}\nfairlead explain <kind> lists its fields, and fairlead explain rules every rule\n`
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
  const about = description === '' ? '' : `\n${wrapText(description, columns, 0)}`
  const list = fields.map(
    (field) =>
      `  ${bold(field.name)}  <${field.type}>${field.isRequired ? '  required' : ''}\n${wrapText(field.description, columns, 6)}`,
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
  ].map(([name = '', text = '']) => `\n${bold(name)}\n${wrapText(text, columns, 2)}`)
  const sources = rule.sources.map((source) => `  ${source}\n`).join('')
  return `${head}${parts.join('')}\n${bold('SOURCES')}\n${sources}`
}
