import type { NodeFacts } from '../../domain/facts.ts'
import type { Candidates } from './candidates.ts'
import type { HostPorts } from './host-ports.ts'
import type { PredictedPod, ServicelbCluster } from './prediction.ts'

/** The pods of one DaemonSet. */
export interface RunningPods {
  /** One for each candidate. */
  readonly pods: readonly PredictedPod[]
  /** Nodes with a ready pod, by name and in the order of their names. */
  readonly ready: ReadonlyMap<string, NodeFacts>
}

/**
 * What becomes of the pods of one DaemonSet on its candidates. Pods whose ports nobody else holds end up alike: the same
 * candidates and the same pods that are not ready are answered with the same object.
 * @param unready nodes on which the pod that is there was seen not ready
 */
export function podRunner({
  disabledServers,
}: Pick<ServicelbCluster, 'disabledServers'>): (
  candidates: Candidates,
  ports: HostPorts,
  unready: ReadonlySet<string>,
) => RunningPods {
  const alike = new Map<Candidates, Map<string, RunningPods>>()
  return (candidates, ports, unready) => {
    if (ports.isContested) {
      const open = candidates.names.filter((name) => !disabledServers.has(name))
      if (open.some(ports.isHeld)) return runPods(candidates, ports, unready, disabledServers)
      for (const name of open) ports.take(name)
    }
    const known = alike.get(candidates) ?? new Map<string, RunningPods>()
    alike.set(candidates, known)
    const key = unready.size === 0 ? '' : JSON.stringify([...unready].sort())
    const found = known.get(key) ?? runPods(candidates, ports, unready, disabledServers)
    known.set(key, found)
    return found
  }
}

function runPods(
  { nodes }: Candidates,
  ports: HostPorts,
  unready: ReadonlySet<string>,
  disabledServers: ReadonlySet<string>,
): RunningPods {
  const ready = new Map<string, NodeFacts>()
  const pods = nodes.map((node): PredictedPod => {
    if (disabledServers.has(node.name)) return { node: node.name, state: 'rejected' }
    const conflicts = ports.conflicts(node.name)
    const obstacle = conflicts.find(({ heldBy }) => heldBy.kind === 'service' || !ports.mayPreempt)
    if (obstacle !== undefined) return { node: node.name, state: 'pending', ...obstacle }
    ports.take(node.name)
    if (node.isReady === false) return { node: node.name, state: 'not-ready', because: 'node' }
    if (unready.has(node.name)) return { node: node.name, state: 'not-ready', because: 'observed' }
    ready.set(node.name, node)
    const [ordinary] = conflicts
    return { node: node.name, state: 'ready', ...(ordinary === undefined ? {} : { preempts: ordinary.heldBy.key }) }
  })
  return { pods, ready }
}
