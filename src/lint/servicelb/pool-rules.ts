import { ineligibilityOf } from '../../k3s/servicelb/eligibility.ts'
import { isAllowListOn } from '../../k3s/servicelb/selector.ts'
import { enableLabel, multiPoolLabelPrefix, poolLabel } from '../../k3s/servicelb-labels.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { DocumentPath } from '../../schema/documents.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { isServicelbOn, nodesToCome } from './cluster-to-come.ts'
import { type ServiceToCome, servicesToCome } from './services-to-come.ts'

const source = 'k3s-io/k3s pkg/cloudprovider/servicelb.go'

export const poolWithoutEnable: Rule = {
  id: 'slb-pool-without-enable',
  severity: 'warning',
  title: 'there are pools and no node has enablelb',
  why: 'without the allow-list ServiceLB ignores pools: every Service opens its ports on every node',
  fix: 'give enablelb=true to every node that ServiceLB shall use, or write the pools into spec.loadBalancer.pools',
  versions: '1.23.5 and later',
  looksAt: ['live', 'manifests'],
  sources: [source],
  check(subject) {
    const nodes = nodesToCome(subject)
    if (nodes === undefined || !knowsPools(subject) || isAllowListOn(nodes.map((node) => node.facts))) return []
    return [
      ...nodes.flatMap(({ facts, at }): Finding[] => {
        const pool = facts.labels[poolLabel] ?? ''
        return pool === '' ? [] : [{ at, what: `node ${facts.name} is in pool ${JSON.stringify(pool)}` }]
      }),
      ...pooledServices(subject).map(({ key, service, at }) => {
        const pool = service.labels[poolLabel] ?? ''
        const what = `Service ${key} is in pool ${JSON.stringify(pool)}`
        return emptyPool(subject, pool, what) ?? { at: at('metadata', 'labels', poolLabel), what }
      }),
    ]
  },
}

/** A pool of the documents gives enablelb to its nodes; that nobody has it means that it has none. */
function emptyPool({ desired }: LintSubject, pool: string, what: string): Finding | undefined {
  const index = desired?.cluster.spec.loadBalancer.pools.findIndex(({ name }) => name === pool) ?? -1
  if (desired === undefined || index < 0) return undefined
  return {
    at: desired.places.clusterPlace(['spec', 'loadBalancer', 'pools', index, 'nodes']),
    what: `${what}, and the pool has no node that is known`,
    fix: 'name nodes that the cluster has, or labels that they carry',
  }
}

export const poolNodeNotEnabled: Rule = {
  id: 'slb-pool-node-not-enabled',
  severity: 'warning',
  title: 'a node of a pool does not have enablelb=true',
  why: 'the allow-list is on, so a node without it is never used, whatever its pool',
  fix: 'give the node enablelb=true as well',
  versions: '1.23.5 and later',
  looksAt: ['live'],
  sources: [source],
  check(subject) {
    const nodes = nodesToCome(subject) ?? []
    if (!knowsPools(subject) || !isAllowListOn(nodes.map((node) => node.facts))) return []
    return nodes.flatMap(({ facts: { name, labels }, at }): Finding[] => {
      const pool = labels[poolLabel] ?? ''
      if (pool === '' || labels[enableLabel] === 'true') return []
      return [{ at, what: `node ${name} is in pool ${JSON.stringify(pool)} and not enabled` }]
    })
  },
}

export const poolUnknown: Rule = {
  id: 'slb-pool-unknown',
  severity: 'error',
  title: 'a Service is in a pool without nodes',
  why: 'it stays pending: no enabled node has the label of its pool',
  fix: 'correct the name of the pool, or give it nodes',
  versions: '1.23.5 and later',
  looksAt: ['live', 'manifests'],
  sources: [source],
  check(subject) {
    const nodes = nodesToCome(subject) ?? []
    if (!knowsPools(subject) || !isAllowListOn(nodes.map((node) => node.facts))) return []
    const pools = new Set(
      nodes.filter(({ facts }) => facts.labels[enableLabel] === 'true').map(({ facts }) => facts.labels[poolLabel]),
    )
    return pooledServices(subject)
      .filter(({ service }) => !pools.has(service.labels[poolLabel]))
      .map(({ key, service, at }) => ({
        at: at('metadata', 'labels', poolLabel),
        what: `Service ${key} is in pool ${JSON.stringify(service.labels[poolLabel])}, and no enabled node is`,
      }))
  },
}

export const poolAnnotation: Rule = {
  id: 'slb-pool-annotation',
  severity: 'error',
  title: 'a pool is written as an annotation of a Service',
  why: 'ServiceLB reads the pool from a label and ignores the annotation',
  fix: 'write it below metadata.labels',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: [source],
  check(subject) {
    return servicesToCome(subject)
      .filter(({ service }) => Object.hasOwn(service.annotations ?? {}, poolLabel))
      .map(({ key, at }) => ({
        at: at('metadata', 'annotations', poolLabel),
        what: `Service ${key} has the annotation ${poolLabel}`,
      }))
  },
}

export const poolOfNodesOnService: Rule = {
  id: 'slb-pool-node-label',
  severity: 'error',
  title: 'a Service has the label that puts a node into several pools',
  why: 'ServiceLB reads it from nodes only: the Service is in no pool by it, and opens its ports on every enabled node',
  fix: 'write svccontroller.k3s.cattle.io/lbpool: NAME below metadata.labels of the Service',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: [source, 'k3s-io/k3s#14547'],
  check(subject) {
    return servicesToCome(subject).flatMap(({ key, service, at }) =>
      Object.keys(service.labels)
        .filter((label) => label.startsWith(multiPoolLabelPrefix))
        .map((label): Finding => {
          const fix = `write ${poolLabel}: ${label.slice(multiPoolLabelPrefix.length)} instead`
          return { at: at('metadata', 'labels', label), what: `Service ${key} has the label ${label}`, fix }
        }),
    )
  },
}

export const poolTooOld: Rule = {
  id: 'slb-pool-old',
  severity: 'error',
  title: 'there are pools in a release that does not know them',
  why: 'the label lbpool does nothing before 1.23.5: every Service opens its ports on every enabled node',
  fix: 'upgrade K3s, or do without pools',
  versions: 'before 1.23.5',
  looksAt: ['manifests', 'live'],
  sources: [source],
  check(subject) {
    const { version, desired } = subject
    if (version === undefined || supports('servicelb-pools', version)) return []
    const pools = desired?.cluster.spec.loadBalancer.pools ?? []
    return [
      ...pools.map(({ name }, index) => ({
        at: desired?.places.clusterPlace(['spec', 'loadBalancer', 'pools', index, 'name']) ?? subject.at,
        what: `pool ${JSON.stringify(name)} is meant for ${version.text}`,
      })),
      ...servicesToCome(subject)
        .filter(({ service }) => (service.labels[poolLabel] ?? '') !== '' && pools.length === 0)
        .map(({ key, at }) => ({ at: at('metadata', 'labels', poolLabel), what: `Service ${key} is in a pool` })),
    ]
  },
}

export const poolMemberTwice: Rule = {
  id: 'slb-pool-member-twice',
  severity: 'error',
  title: 'a node, a Service or a name is in two pools',
  why: 'the label svccontroller.k3s.cattle.io/lbpool holds one name',
  fix: 'keep it in one pool',
  versions: 'every version',
  looksAt: [],
  sources: [source],
  check({ desired, facts }) {
    if (desired === undefined) return []
    const findings: Finding[] = []
    const takenBy = new Map<string, string>()
    const claim = (what: string, pool: string, path: DocumentPath): void => {
      const other = takenBy.get(what)
      takenBy.set(what, other ?? pool)
      if (other === undefined) return
      const both = `in pool ${JSON.stringify(other)} and in pool ${JSON.stringify(pool)}`
      findings.push({ at: desired.places.clusterPlace(path), what: `${what} is ${both}` })
    }
    for (const [index, pool] of desired.cluster.spec.loadBalancer.pools.entries()) {
      const path = ['spec', 'loadBalancer', 'pools', index] as const
      claim(`pool name ${pool.name}`, pool.name, [...path, 'name'])
      for (const [at, node] of (pool.nodes.names ?? []).entries()) {
        claim(`node ${node}`, pool.name, [...path, 'nodes', 'names', at])
      }
      const { matchLabels } = pool.nodes
      for (const node of matchLabels === undefined || facts.origin === 'assumed' ? [] : facts.nodes) {
        const isMember = Object.entries(matchLabels ?? {}).every(([key, value]) => node.labels[key] === value)
        if (isMember) claim(`node ${node.name}`, pool.name, [...path, 'nodes', 'matchLabels'])
      }
      for (const [at, service] of pool.services.entries()) {
        claim(`Service ${service.namespace}/${service.name}`, pool.name, [...path, 'services', at])
      }
    }
    return findings
  },
}

export const poolsWithoutServicelb: Rule = {
  id: 'slb-pools-without-servicelb',
  severity: 'warning',
  title: 'there are pools and ServiceLB is disabled',
  why: 'nothing reads the labels',
  fix: 'enable spec.components.servicelb, or take the pools away',
  versions: 'every version',
  looksAt: [],
  sources: [source],
  check({ desired }) {
    if (desired === undefined) return []
    const { loadBalancer, components } = desired.cluster.spec
    if (loadBalancer.pools.length === 0 || components.servicelb.enabled) return []
    return [
      {
        at: desired.places.clusterPlace(['spec', 'loadBalancer', 'pools']),
        what: 'there are pools and ServiceLB is disabled',
      },
    ]
  },
}

function knowsPools(subject: LintSubject): boolean {
  const { version } = subject
  return version !== undefined && supports('servicelb-pools', version) && isServicelbOn(subject)
}

function pooledServices(subject: LintSubject): readonly ServiceToCome[] {
  const { version } = subject
  return servicesToCome(subject).filter(
    ({ service }) =>
      (service.labels[poolLabel] ?? '') !== '' &&
      version !== undefined &&
      ineligibilityOf(service, version) === undefined,
  )
}
