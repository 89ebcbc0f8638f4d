import type { LocatedLine } from '../../domain/problem.ts'
import type { Setting } from '../../k3s/config/effective-settings.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { type FlagReading, readFlag, readingsDiffer } from './server-values.ts'
import { isTold } from './told-nodes.ts'

/** One flag of one node before and after. */
export interface FlagChange {
  readonly key: string
  readonly before: FlagReading
  readonly after: FlagReading
  readonly at: LocatedLine
  /** What was before is known, and not taken for a default because the repository did not write it. */
  readonly wasKnown: boolean
}

/** The same node before the change, where what it was told then is known. */
export function nodeBefore({ before }: LintSubject, node: NodeSubject): NodeSubject | undefined {
  const former = before === undefined ? undefined : nodesByName(before).get(node.name)
  return before === undefined || former === undefined || !isTold(before, former) ? undefined : former
}

/** Clusters have thousands of nodes, and several rules ask for each of them. */
function nodesByName(subject: LintSubject): ReadonlyMap<string, NodeSubject> {
  const known = indexes.get(subject)
  if (known !== undefined) return known
  const index = new Map(subject.nodes.map((node) => [node.name, node]))
  indexes.set(subject, index)
  return index
}

const indexes = new WeakMap<LintSubject, ReadonlyMap<string, NodeSubject>>()

/**
 * How a flag changes; undefined when it does not, or when nobody can tell. A repository that does not write a flag leaves
 * it to the machine, unless it is Fairlead that wrote it before.
 */
export function flagChange(
  subject: LintSubject,
  before: NodeSubject,
  node: NodeSubject,
  key: string,
): FlagChange | undefined {
  const setting = node.settings.get(key)
  const former = before.settings.get(key)
  if (setting === undefined && subject.scope === 'repository' && !isManaged(former)) return undefined
  const [was, is] = [readFlag(before, key), readFlag(node, key)]
  if (!readingsDiffer(was, is)) return undefined
  const wasKnown = former !== undefined || subject.before?.scope !== 'repository'
  return { key, before: was, after: is, at: setting?.at ?? node.at, wasKnown }
}

/** Whether Fairlead wrote a setting, so that it ends when Fairlead no longer writes it. */
export function isManaged(setting: Setting | undefined): boolean {
  return (
    setting?.values.some(
      ({ origin, at }) =>
        origin === 'repository' || (origin === 'drop-in' && at.place.file.endsWith(k3sPaths.managedDropIn)),
    ) === true
  )
}
