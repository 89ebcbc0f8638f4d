import { exitCode } from '../domain/exit-code.ts'
import { type Explanation, explain } from '../schema/explain.ts'
import { type Colours, colours } from './colour.ts'
import type { Command } from './command.ts'
import { printable } from './printable.ts'

/** One field of the documents, like `kubectl explain`. */
export const explainCommand: Command = async ({ words, terminal }) => {
  const [path = ''] = words
  const found = explain(path)
  if ('suggestions' in found) {
    terminal.err.write(`fairlead: there is no field ${printable(JSON.stringify(path))}\n`)
    const meant = found.suggestions.length === 0 ? 'fairlead explain ClusterNetwork lists them' : 'did you mean one of'
    terminal.err.write(`  fix  ${meant}\n${found.suggestions.map((one) => `       ${one}\n`).join('')}`)
    return exitCode.badUsage
  }
  terminal.out.write(formatExplanation(found, { colours: colours(terminal.colour), columns: terminal.columns }))
  return exitCode.done
}

export function formatExplanation(
  { kind, path, type, description, isRequired, default: fallback, allowed, fields }: Explanation,
  { colours: { bold }, columns }: { readonly colours: Colours; readonly columns: number },
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
