import { isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml'
import { afterLine, applyEdit, indentAt } from './text-edits.ts'
import { fieldOf, type NodeRange, rangeOf } from './yaml-nodes.ts'

interface ContainerEnv {
  readonly list: 'containers' | 'initContainers'
  readonly container: string
  readonly name: string
  readonly value: string
}

/**
 * One variable in the environment of a container of a pod template: its value replaced, its commented-out lines brought
 * to life, or a new entry at the end of the list.
 * @param workload the document that `text` is, parsed
 * @returns undefined where there is no such container, or it has no list `env` of lines
 */
export function setContainerEnv(text: string, workload: YAMLMap, env: ContainerEnv): string | undefined {
  const containers = workload.getIn(['spec', 'template', 'spec', env.list], true)
  const container = isSeq(containers) ? itemNamed(containers, env.container) : undefined
  const list = container?.get('env', true)
  if (!isSeq(list) || list.flow === true || list.items.length === 0) return undefined
  const entry = itemNamed(list, env.name)
  return entry === undefined ? addEntry(text, list, env) : setEntry(text, entry, env.value)
}

function setEntry(text: string, entry: YAMLMap, value: string): string | undefined {
  const written = fieldOf(entry, 'value') ?? fieldOf(entry, 'valueFrom')
  if (written === undefined) {
    const name = rangeOf(fieldOf(entry, 'name')?.value)
    const key = rangeOf(fieldOf(entry, 'name')?.key)
    if (name === undefined || key === undefined) return undefined
    const column = key.start - (text.lastIndexOf('\n', key.start - 1) + 1)
    const line = `\n${' '.repeat(column)}value: ${JSON.stringify(value)}`
    return applyEdit(text, { start: name.end, end: name.end, text: line })
  }
  if (isScalar(written.value) && written.value.value === value) return text
  const key = rangeOf(written.key)
  const range = rangeOf(written.value)
  if (key === undefined || range === undefined) return undefined
  const end = key.start + text.slice(key.start, range.end).trimEnd().length
  return applyEdit(text, { start: key.start, end, text: `value: ${JSON.stringify(value)}` })
}

function addEntry(text: string, list: YAMLSeq, { name, value }: ContainerEnv): string | undefined {
  const [whole, first, last] = [rangeOf(list), rangeOf(list.items[0]), rangeOf(list.items.at(-1))]
  if (whole === undefined || first === undefined || last === undefined) return undefined
  const indent = indentAt(text, first.start)
  const entry = `${indent}- name: ${name}\n${indent}  value: ${JSON.stringify(value)}`
  const commented = commentedEntry(text, name, whole)
  if (commented !== undefined) return applyEdit(text, { ...commented, text: entry })
  const at = afterLine(text, last.end)
  const before = text[at - 1] === '\n' ? '' : '\n'
  return applyEdit(text, { start: at, end: at, text: `${before}${entry}\n` })
}

/** `# - name: NAME` and `#   value: …` on the line below, somewhere between the entries of a list. */
function commentedEntry(text: string, name: string, within: NodeRange): NodeRange | undefined {
  const lines = new RegExp(`^[ \\t]*#[ \\t]*- name: ${name}[ \\t]*\\r?\\n[ \\t]*#[ \\t]*value:[^\\r\\n]*`, 'm')
  const match = lines.exec(text.slice(within.start, within.end))
  if (match === null) return undefined
  const start = within.start + match.index
  return { start, end: start + match[0].length }
}

function itemNamed(list: YAMLSeq, name: string): YAMLMap | undefined {
  return list.items.filter(isMap).find((item) => item.get('name') === name)
}
