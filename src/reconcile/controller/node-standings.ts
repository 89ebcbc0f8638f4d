import type { NodeFacts } from '../../domain/facts.ts'
import { poolLabel } from '../../k3s/servicelb-labels.ts'
import { failureGroups } from '../../plan/permits/failure-groups.ts'
import type { NodeStanding } from '../../plan/permits/node-standing.ts'
import { rolloutAnnotation } from '../../plan/permits/rollout-obstacle.ts'
import type { CompiledCluster } from './compile-cluster.ts'
import type { PublishedRecord } from './published-record.ts'

export interface Remembered {
  /** How long it has been published with the permit that it has. */
  readonly forMs: number
  /** It was in force with that permit. */
  readonly wasInForce: boolean
}

/**
 * Every node of the cluster that has a program, as permits are decided about it. Pools are those that it shall be in and the
 * one that it is in.
 * @param remembered what this process knows of the program that is published
 */
export function nodeStandings(
  nodes: readonly NodeFacts[],
  records: ReadonlyMap<string, PublishedRecord>,
  compiled: Pick<CompiledCluster, 'cluster'> | undefined,
  remembered: (record: PublishedRecord) => Remembered,
): readonly NodeStanding[] {
  const wanted = Map.groupBy(
    (compiled?.cluster.labels ?? []).filter(({ kind }) => kind === 'node-labels'),
    ({ object }) => object,
  )
  return nodes.flatMap((node): NodeStanding[] => {
    const record = records.get(node.name)
    if (record?.envelope === undefined) return []
    const { digest, revision, sequence, permit } = record.envelope
    const pools = [node.labels[poolLabel], ...(wanted.get(node.name) ?? []).map(({ labels }) => labels[poolLabel])]
    const { forMs, wasInForce } = remembered(record)
    return [
      {
        node: node.name,
        role: node.role,
        failureGroups: failureGroups(node.role, [...new Set(pools.filter((pool) => pool !== undefined))]),
        published: { digest, revision: revision.name, sequence, forMs },
        ...(permit === undefined ? {} : { permit: permit.program }),
        ...(record.status === undefined ? {} : { status: record.status }),
        ...(node.isReady === false ? { isSilent: true } : {}),
        ...(isExcluded(node, record) ? { isExcluded: true } : {}),
        ...(wasInForce ? { wasInForce } : {}),
      },
    ]
  })
}

/** On its Node, for as long as the machine is there, or on its NodeProgram, where no agent can write. */
function isExcluded({ annotations = {} }: NodeFacts, { metadata }: PublishedRecord): boolean {
  return [annotations, metadata.annotations].some((of) => of?.[rolloutAnnotation] === 'excluded')
}
