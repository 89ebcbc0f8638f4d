import type { Problem } from '../domain/problem.ts'
import type { DesiredState, DocumentPath } from '../schema/documents.ts'
import { clusterFinding } from './finding.ts'

/** A node, like a Service, carries one pool label. */
export function lintPools(desired: DesiredState): Problem[] {
  const { pools } = desired.cluster.spec.loadBalancer
  const problems: Problem[] = []
  const takenBy = new Map<string, string>()
  const claim = (what: string, pool: string, path: DocumentPath): void => {
    const other = takenBy.get(what)
    takenBy.set(what, other ?? pool)
    if (other === undefined) return
    problems.push(
      clusterFinding(desired, path, {
        code: 'POOL_MEMBER_TWICE',
        what: `${what} is in pool ${JSON.stringify(other)} and in pool ${JSON.stringify(pool)}`,
        why: 'the label svccontroller.k3s.cattle.io/lbpool holds one name',
        fix: 'keep it in one pool',
      }),
    )
  }
  for (const [index, pool] of pools.entries()) {
    const path = ['spec', 'loadBalancer', 'pools', index] as const
    claim(`pool name ${pool.name}`, pool.name, [...path, 'name'])
    for (const [at, node] of (pool.nodes.names ?? []).entries()) {
      claim(`node ${node}`, pool.name, [...path, 'nodes', 'names', at])
    }
    for (const [at, service] of pool.services.entries()) {
      claim(`Service ${service.namespace}/${service.name}`, pool.name, [...path, 'services', at])
    }
  }
  if (pools.length > 0 && !desired.cluster.spec.components.servicelb.enabled) {
    problems.push(
      clusterFinding(desired, ['spec', 'loadBalancer', 'pools'], {
        code: 'POOLS_WITHOUT_SERVICELB',
        severity: 'warning',
        what: 'there are pools and ServiceLB is disabled',
        why: 'nothing reads the labels',
        fix: 'enable spec.components.servicelb, or take the pools away',
      }),
    )
  }
  return problems
}
