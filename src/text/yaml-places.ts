import { isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { isMergeKey, startOf } from './yaml-values.ts'

type Path = readonly (string | number)[]
type Targets = ReadonlyMap<Node, Node>

/**
 * Offset of what a path leads to, aliases and merge keys followed; where it leads nowhere, of the deepest parent that is
 * written. A value on one line is found at its start, a block at its key.
 */
export function offsetOfValue(contents: unknown, path: Path, targets: Targets): number {
  let offset = startOf(contents)
  let node = contents
  for (const segment of path) {
    const step = enter(node, segment, targets)
    if (step === undefined) return offset
    node = step.value
    offset = isShownAtKey(step) ? startOf(step.key) : startOf(step.value)
  }
  return offset
}

/** Offset of the key that a path ends with; of the value for an item of a list. */
export function offsetOfKey(contents: unknown, path: Path, targets: Targets): number {
  const last = path.at(-1)
  let node = contents
  for (const segment of path.slice(0, -1)) {
    const step = enter(node, segment, targets)
    if (step === undefined) return offsetOfValue(contents, path, targets)
    node = step.value
  }
  const step = last === undefined ? undefined : enter(node, last, targets)
  return step?.key === undefined ? offsetOfValue(contents, path, targets) : startOf(step.key)
}

interface Step {
  readonly key?: unknown
  readonly value: unknown
}

function enter(node: unknown, segment: string | number, targets: Targets): Step | undefined {
  const target = isAlias(node) ? targets.get(node) : node
  if (isSeq(target))
    return typeof segment === 'number' && segment < target.items.length ? itemOf(target.items[segment]) : undefined
  if (!isMap(target)) return undefined
  // The last one counts, as it does for the value.
  const pair = target.items.findLast((item) => !isMergeKey(item) && keyText(item, targets) === String(segment))
  if (pair !== undefined) return { key: pair.key, value: pair.value }
  return enterMerged(target.items.filter(isMergeKey), segment, targets)
}

function enterMerged(pairs: readonly Pair[], segment: string | number, targets: Targets): Step | undefined {
  for (const pair of pairs) {
    const resolved = isAlias(pair.value) ? targets.get(pair.value) : pair.value
    for (const source of isSeq(resolved) ? resolved.items : [resolved]) {
      const step = isSeq(source) ? undefined : enter(source, segment, targets)
      if (step !== undefined) return step
    }
  }
  return undefined
}

function itemOf(item: unknown): Step {
  return { value: item }
}

function keyText(pair: Pair, targets: Targets): string | undefined {
  const key = isAlias(pair.key) ? targets.get(pair.key) : pair.key
  return isScalar(key) ? String(key.value) : undefined
}

function isShownAtKey(step: Step): boolean {
  if (step.key === undefined) return false
  if (isScalar(step.value)) return step.value.source === ''
  return !isAlias(step.value) && !(isCollection(step.value) && step.value.flow === true)
}
