import type { ClusterProgram } from '../../domain/program.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import { type ClusterPorts, convergeCluster } from '../cluster/converge-cluster.ts'

const lookEveryMs = 500

/**
 * Gives nodes and Services their own labels back, in the order that ServiceLB needs: the labels of an empty program are
 * nobody's.
 * @returns what was not given back within the time, in sentences; empty when all of it was, or nothing was ever taken
 * @throws Failure `KUBE_*`
 */
export async function releaseLabels(
  ports: ClusterPorts & { readonly clock: Pick<ClockPort, 'monotonicMs' | 'sleep'> },
  waitMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { adoption, entries } = await ports.inventory.read(signal)
  if (adoption === undefined || entries.size === 0) return []
  const until = ports.clock.monotonicMs() + waitMs
  for (;;) {
    const { verdict, inventory } = await convergeCluster(nothing(adoption.cluster), 'uninstall', ports, signal)
    if (inventory.length === 0) return []
    if (ports.clock.monotonicMs() >= until) return [verdict.message, ...inventory]
    await ports.clock.sleep(lookEveryMs, signal)
    signal.throwIfAborted()
  }
}

function nothing(cluster: string): ClusterProgram {
  return { apiVersion: 'fairlead.dev/v1alpha1', kind: 'ClusterProgram', cluster, labels: [], digest: '' }
}
