import type { LocatedLine } from '../../domain/problem.ts'
import type { NodeNetwork } from '../../schema/documents.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

type Lists = Pick<NodeNetwork['spec'], 'routes' | 'routingRules' | 'egress'>

/** One entry of a list of a NodeNetwork, and where it stands. */
export interface WrittenEntry<T> {
  readonly entry: T
  readonly at: LocatedLine
  /** For people: `routes[2] of edge`. */
  readonly name: string
}

/** The entries of a node in their order: those of its documents by name, each from the top. */
export function writtenEntries<Field extends keyof Lists>(
  subject: LintSubject,
  node: NodeSubject,
  field: Field,
): readonly WrittenEntry<Lists[Field][number]>[] {
  return node.networks.flatMap(({ metadata, spec }) => {
    const list: readonly Lists[Field][number][] = spec[field]
    return list.map((entry, index) => ({
      entry,
      at: subject.desired?.places.nodePlace(metadata.name, ['spec', field, index]) ?? node.at,
      name: `${field}[${index}] of ${metadata.name}`,
    }))
  })
}

export interface WrittenSysctl {
  readonly key: string
  readonly value: string
  readonly at: LocatedLine
  readonly document: string
}

export function writtenSysctls(subject: LintSubject, node: NodeSubject): readonly WrittenSysctl[] {
  return node.networks.flatMap(({ metadata, spec }) =>
    Object.entries(spec.sysctls).map(([key, value]) => ({
      key,
      value: value.trim(),
      at: subject.desired?.places.nodePlace(metadata.name, ['spec', 'sysctls', key]) ?? node.at,
      document: metadata.name,
    })),
  )
}
