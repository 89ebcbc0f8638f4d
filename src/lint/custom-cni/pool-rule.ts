import { formatCidr } from '../../domain/cidr.ts'
import { podNetworkOf } from '../flannel/pod-network.ts'
import { holdsRange, rangesOf } from '../flannel/ranges.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { podPools } from './pod-pools.ts'

export const poolRule: Rule = {
  id: 'cni-pool-mismatch',
  severity: 'error',
  title: 'a plugin that gives pods other addresses than cluster-cidr',
  why: 'K3s takes every address outside cluster-cidr for one from outside: kube-proxy and the network policies treat such pods as strangers',
  fix: 'write the same range as pool and as cluster-cidr (spec.addressing.clusterCIDR)',
  versions: 'every version',
  looksAt: ['settings', 'manifests', 'live'],
  sources: ['docs.tigera.io Calico K3s quickstart'],
  check: (subject) => (podNetworkOf(subject)?.backend === 'none' ? poolFindings(subject) : []),
}

function poolFindings(subject: LintSubject): readonly Finding[] {
  const clusterCidrs = podNetworkOf(subject)?.clusterCidrs ?? []
  return podPools(subject).flatMap(({ text, at, where }): Finding[] => {
    const [pool] = rangesOf([text])
    const cluster = clusterCidrs.find((range) => range.family === pool?.family)
    if (pool === undefined || cluster === undefined || formatCidr(pool) === formatCidr(cluster)) return []
    if (!holdsRange(cluster, pool)) {
      return [{ at, what: `${where} gives pods ${text} and cluster-cidr is ${formatCidr(cluster)}` }]
    }
    const what = `${where} gives pods ${text}, a part of cluster-cidr ${formatCidr(cluster)}`
    return [{ at, severity: 'warning', what, why: 'the rest of cluster-cidr is taken for pods and belongs to none' }]
  })
}
