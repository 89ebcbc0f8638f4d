import type { NodeFacts, Taint } from '../../domain/facts.ts'
import { ineligibilityOf } from '../../k3s/servicelb/eligibility.ts'
import type { ExcludedNode } from '../../k3s/servicelb/prediction.ts'
import { remembered } from '../../k3s/servicelb/remembered.ts'
import { isAllowListOn } from '../../k3s/servicelb/selector.ts'
import { defaultTolerations, untolerated } from '../../k3s/servicelb/tolerations.ts'
import { enableLabel, multiPoolLabelPrefix, poolLabel } from '../../k3s/servicelb-labels.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { Finding, Rule } from '../rule.ts'
import { isServicelbOn, nodesToCome, predictionsToCome } from './cluster-to-come.ts'
import { servicesToCome } from './services-to-come.ts'

const source = 'k3s-io/k3s pkg/cloudprovider/servicelb.go'

export const enableLabelFalse: Rule = {
  id: 'slb-enablelb-false',
  severity: 'error',
  title: 'a node has the label enablelb with another value than true',
  why: 'the key alone turns the allow-list on for the whole cluster; only nodes with the value true are used from then on',
  fix: 'take the label away from this node, and give enablelb=true to the nodes that shall be used',
  versions: 'every version',
  looksAt: ['live'],
  sources: [source],
  check(subject) {
    const nodes = nodesToCome(subject) ?? []
    if (!isServicelbOn(subject)) return []
    const isMeant = nodes.some(({ facts }) => facts.labels[enableLabel] === 'true')
    return nodes.flatMap(({ facts: { name, labels }, at }): Finding[] => {
      const value = labels[enableLabel]
      if (value === undefined || value === 'true') return []
      const what = `node ${name} has ${enableLabel}=${JSON.stringify(value)}`
      if (!isMeant) return [{ at, what }]
      // Beside nodes with true the value does what its writer wanted: the node is left out, as it is without the label.
      return [{ at, what, severity: 'notice', why: 'the node is left out, as it would be without the label' }]
    })
  },
}

export const allowListEmpty: Rule = {
  id: 'slb-allowlist-empty',
  severity: 'error',
  title: 'every node that ServiceLB may use keeps its pods away',
  why: 'every LoadBalancer Service stays pending',
  fix: 'give enablelb=true to a node without such taints, or let the Services tolerate them',
  versions: 'every version',
  looksAt: ['live'],
  sources: [source],
  check(subject) {
    const { version } = subject
    const nodes = nodesToCome(subject) ?? []
    if (version === undefined || !isServicelbOn(subject)) return []
    const enabled = nodes.filter(({ facts }) => facts.labels[enableLabel] === 'true')
    const tolerations = defaultTolerations(version)
    const usable = enabled.filter(({ facts }) => untolerated(lastingTaints(facts), tolerations).length === 0)
    const [first] = enabled
    if (first === undefined || usable.length > 0) return []
    const names = enabled.map(({ facts }) => facts.name).join(', ')
    return [
      { at: first.poolAt, what: `the nodes with enablelb=true have taints that ServiceLB does not tolerate: ${names}` },
    ]
  },
}

/**
 * Without the taints that Kubernetes itself sets and takes away: a node that is not ready for a minute is no mistake of who
 * wrote the pool.
 * @see https://kubernetes.io/docs/reference/labels-annotations-taints/ (`node.kubernetes.io/not-ready` and its kind)
 */
function lastingTaints({ taints = [] }: NodeFacts): readonly Taint[] {
  return taints.filter(({ key }) => !/^node\.(?:cloudprovider\.)?kubernetes\.io\//.test(key))
}

export const customTaint: Rule = {
  id: 'slb-custom-taint',
  severity: 'warning',
  title: 'a node is meant for a Service and has a taint that its pods do not tolerate',
  why: 'no pod of ServiceLB comes to the node, so it opens no port and its address is not shown',
  fix: 'let the Service tolerate it with the annotation svccontroller.k3s.cattle.io/tolerations (1.28.13 / 1.29.8 / 1.30.4 and later), or take the taint away',
  versions: 'every version',
  looksAt: ['live', 'manifests'],
  sources: [source],
  check(subject) {
    const nodes = nodesToCome(subject) ?? []
    if (!isAllowListOn(nodes.map((node) => node.facts))) return []
    const places = new Map(nodes.map(({ facts, poolAt }) => [facts.name, poolAt]))
    const taintedOf = remembered((excluded: readonly ExcludedNode[]) =>
      excluded.filter((one) => one.reason === 'taint'),
    )
    return predictionsToCome(subject).flatMap(({ key, ideal }) =>
      taintedOf(ideal.excluded).flatMap(({ node, taint }): Finding[] => {
        const at = places.get(node)
        if (taint === undefined || at === undefined) return []
        const value = taint.value === undefined ? '' : `=${taint.value}`
        return [
          {
            at,
            what: `node ${node} has ${taint.key}${value}:${taint.effect}, which ${key} does not tolerate`,
          },
        ]
      }),
    )
  },
}

export const unpooledService: Rule = {
  id: 'slb-unpooled-service',
  severity: 'warning',
  title: 'a LoadBalancer Service is in no pool although there are pools',
  why: 'it opens its ports on every node of every pool',
  fix: 'put it into a pool with the label svccontroller.k3s.cattle.io/lbpool; Traefik gets it from values service.labels',
  versions: '1.23.5 and later',
  looksAt: ['manifests', 'live'],
  sources: [source],
  check(subject) {
    const { version } = subject
    if (version === undefined || !supports('servicelb-pools', version)) return []
    if (!isServicelbOn(subject) || !hasPools(subject)) return []
    return servicesToCome(subject).flatMap(({ service, key, at }): Finding[] => {
      if (ineligibilityOf(service, version) !== undefined || (service.labels[poolLabel] ?? '') !== '') return []
      return [{ at: at('metadata'), what: `Service ${key} is in no pool` }]
    })
  },
}

function hasPools(subject: Parameters<Rule['check']>[0]): boolean {
  if ((subject.desired?.cluster.spec.loadBalancer.pools ?? []).length > 0) return true
  return (nodesToCome(subject) ?? []).some(
    ({ facts }) => facts.labels[enableLabel] === 'true' && (facts.labels[poolLabel] ?? '') !== '',
  )
}

export const multiPoolLabel: Rule = {
  id: 'slb-multi-pool-label',
  severity: 'warning',
  title: 'a node is given several pools with a label that this release does not read',
  why: 'the label is ignored: the node serves the one pool of svccontroller.k3s.cattle.io/lbpool, or none',
  fix: 'give the node one pool, with svccontroller.k3s.cattle.io/lbpool',
  versions: 'before 1.34.12 / 1.35.9 / 1.36.5 / 1.37.1',
  looksAt: ['live'],
  sources: ['k3s-io/k3s#14547', 'k3s-io/k3s#13894'],
  check(subject) {
    const { version } = subject
    if (version === undefined || supports('servicelb-several-pools', version)) return []
    return (nodesToCome(subject) ?? []).flatMap(({ facts, at }) =>
      Object.keys(facts.labels)
        .filter((key) => key.startsWith(multiPoolLabelPrefix))
        .map((key): Finding => ({ at, what: `node ${facts.name} has the label ${key}` })),
    )
  },
}
