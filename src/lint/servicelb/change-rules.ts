import { scalarOf } from '../../k3s/config/effective-settings.ts'
import { servicelbEra } from '../../k3s/servicelb/eras.ts'
import { isAllowListOn } from '../../k3s/servicelb/selector.ts'
import { isLookedAtAgain } from '../../k3s/servicelb/triggers.ts'
import { poolDigestAnnotation, poolLabel } from '../../k3s/servicelb-labels.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, serversOf } from '../subject.ts'
import { isServicelbOn, nodesToCome } from './cluster-to-come.ts'
import { type ServiceToCome, servicesToCome } from './services-to-come.ts'

const needsUpdate = 'kubernetes/cloud-provider controllers/service/controller.go needsUpdate'

export const labelChangeUntriggered: Rule = {
  id: 'slb-label-change-untriggered',
  severity: 'error',
  title: 'a Service moves to another pool and nothing makes K3s look at it',
  why: 'labels are no reason for ServiceLB to look at a Service again: it stays on the nodes of the old pool',
  fix: 'change an annotation of the Service in the same commit, or name the Service in spec.loadBalancer.pools, which does that',
  versions: '1.23.13 / 1.24.7 / 1.25.3 and later',
  looksAt: ['manifests', 'live'],
  sources: [needsUpdate],
  check(subject) {
    const { version } = subject
    if (!isCloudProvider(version) || !isServicelbOn(subject)) return []
    const nodes = nodesToCome(subject)
    if (nodes !== undefined && !isAllowListOn(nodes.map((node) => node.facts))) return []
    return moving(subject)
      .filter(({ isLooked }) => !isLooked)
      .map(({ key, at, before, after }) => ({
        at: at('metadata', 'labels', poolLabel),
        what: `Service ${key} goes from ${named(before)} to ${named(after)} with its label alone`,
      }))
  },
}

interface Moving extends ServiceToCome {
  readonly before: string
  readonly after: string
  readonly isLooked: boolean
}

/** Services of manifests that are in the cluster already, with another pool there. Traefik's are changed by its chart. */
function moving(subject: LintSubject): Moving[] {
  const { version } = subject
  if (version === undefined) return []
  return servicesToCome(subject).flatMap((one): Moving[] => {
    const { live, service, key } = one
    if (live?.type !== 'LoadBalancer' || key === 'kube-system/traefik') return []
    const [before, after] = [live.labels[poolLabel] ?? '', service.labels[poolLabel] ?? '']
    return before === after ? [] : [{ ...one, before, after, isLooked: willBeLookedAt(subject, one, version) }]
  })
}

/** Fairlead writes a digest of the pool into an annotation of every Service that a pool of the documents names. */
function willBeLookedAt(subject: LintSubject, { service, live, key }: ServiceToCome, version: K3sVersion): boolean {
  if (live === undefined) return true
  const named = (subject.desired?.cluster.spec.loadBalancer.pools ?? []).find((pool) =>
    pool.services.some((member) => `${member.namespace}/${member.name}` === key),
  )
  const changesPool = named !== undefined && live.labels[poolLabel] !== named.name
  const gainsDigest = named !== undefined && !Object.hasOwn(live.annotations ?? {}, poolDigestAnnotation)
  return changesPool || gainsDigest || isLookedAtAgain(live, service, version)
}

function named(pool: string): string {
  return pool === '' ? 'no pool' : `pool ${JSON.stringify(pool)}`
}

export const enableDropsPool: Rule = {
  id: 'slb-enable-drops-pool',
  severity: 'error',
  title: 'the allow-list is turned on under Services that are in pools and are not looked at again',
  why: 'the first node with enablelb gives every DaemonSet that label alone, without the pool: the Service takes its ports on all enabled nodes',
  fix: 'change an annotation of the Service after the nodes have their labels',
  versions: '1.23.13 / 1.24.7 / 1.25.3 and later',
  looksAt: ['live', 'manifests'],
  sources: ['k3s-io/k3s pkg/cloudprovider/servicelb.go updateDaemonSets'],
  check(subject) {
    const { version, facts } = subject
    const nodes = nodesToCome(subject)
    if (version === undefined || !isCloudProvider(version) || nodes === undefined || !isServicelbOn(subject)) return []
    if (isAllowListOn(facts.nodes) || !isAllowListOn(nodes.map((node) => node.facts))) return []
    return servicesToCome(subject).flatMap((one): Finding[] => {
      const pool = one.service.labels[poolLabel] ?? ''
      if (one.live?.type !== 'LoadBalancer' || pool === '' || one.key === 'kube-system/traefik') return []
      if (willBeLookedAt(subject, one, version)) return []
      return [
        { at: one.at('metadata', 'labels', poolLabel), what: `Service ${one.key} loses pool ${JSON.stringify(pool)}` },
      ]
    })
  },
}

export const disableStuck: Rule = {
  id: 'slb-disable-stuck',
  severity: 'error',
  title: 'the last pool goes, and with it the last node with enablelb',
  why: 'the DaemonSets keep selecting the label that no node has any more: every LoadBalancer Service goes pending',
  fix: 'keep enablelb=true on the nodes, or delete the svclb DaemonSets and change an annotation of every LoadBalancer Service afterwards',
  versions: '1.23.13 / 1.24.7 / 1.25.3 and later',
  looksAt: ['before'],
  sources: ['k3s-io/k3s#14625'],
  check(subject) {
    const { version, before, desired } = subject
    if (!isCloudProvider(version) || before === undefined || !isServicelbOn(subject)) return []
    const had = nodesToCome(before)
    const has = nodesToCome(subject)
    if (had === undefined || has === undefined || has.length === 0) return []
    if (!isAllowListOn(had.map((node) => node.facts)) || isAllowListOn(has.map((node) => node.facts))) return []
    const at = desired?.places.clusterPlace(['spec', 'loadBalancer', 'pools']) ?? subject.at
    return [{ at, what: 'no node will have enablelb any more, and nodes have it now' }]
  },
}

export const namespaceChange: Rule = {
  id: 'slb-ns-change',
  severity: 'warning',
  title: "the namespace of ServiceLB's DaemonSets changes",
  why: 'K3s leaves the DaemonSets in the old namespace, and they hold the ports that the new ones ask for',
  fix: 'delete the svclb DaemonSets in the old namespace once every server has restarted',
  versions: '1.23.8 / 1.24.2 and later',
  looksAt: ['settings', 'before'],
  sources: ['k3s-io/k3s pkg/cloudprovider/servicelb.go deleteAllDaemonsets'],
  check(subject) {
    if (subject.before === undefined || !isServicelbOn(subject) || !isServicelbOn(subject.before)) return []
    const before = new Map(serversOf(subject.before).map((node) => [node.name, namespaceOf(node)]))
    return serversOf(subject).flatMap((node): Finding[] => {
      const [old, now] = [before.get(node.name), namespaceOf(node)]
      if (old === undefined || old === now) return []
      const at = scalarOf(node.settings, key)?.at ?? node.at
      return [{ at, what: `${key} goes from ${old} to ${now}` }]
    })
  },
}

const key = 'servicelb-namespace'

function namespaceOf({ settings }: LintSubject['nodes'][number]): string {
  return scalarOf(settings, key)?.text ?? 'kube-system'
}

function isCloudProvider(version: K3sVersion | undefined): boolean {
  return version !== undefined && servicelbEra(version) === 'cloud-provider'
}
