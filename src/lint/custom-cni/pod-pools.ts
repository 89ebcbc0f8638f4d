import type { LocatedLine } from '../../domain/problem.ts'
import { asList, asRecord, parseJsonObject, textAt, valueAt } from '../flannel/json-object.ts'
import type { LintSubject, ObjectSubject } from '../subject.ts'
import { chartValues } from './chart-values.ts'
import { cniOfChart, environmentOf } from './declared-cni.ts'

/** A range that a plugin gives to pods. */
export interface PodPool {
  readonly text: string
  readonly at: LocatedLine
  /** Where it is said, for people: `IPPool default-ipv4-ippool`. */
  readonly where: string
}

/** Ranges of Calico, Canal and Cilium, wherever they are written. */
export function podPools(subject: LintSubject): readonly PodPool[] {
  return [...poolsOfDocuments(subject), ...subject.objects.flatMap(poolsOfObject)]
}

function poolsOfDocuments({ desired }: LintSubject): readonly PodPool[] {
  const chart = desired?.cluster.spec.cni.chart
  if (desired === undefined || chart === undefined) return []
  const at = desired.places.clusterPlace(['spec', 'cni', 'chart', 'values'])
  const { plugin } = desired.cluster.spec.cni
  const pools = plugin === 'cilium' ? ciliumPools(chart.values) : plugin === 'calico' ? operatorPools(chart.values) : []
  return pools.map((text) => ({ text, at, where: `chart values of ${plugin}` }))
}

function poolsOfObject(one: ObjectSubject): readonly PodPool[] {
  const { object, origin } = one
  const where = `${object.kind} ${object.metadata.name}`
  const pool = (text: string, ...path: readonly (string | number)[]): PodPool => ({ text, at: one.place(path), where })
  if (object.kind === 'Installation' && object.apiVersion.startsWith('operator.tigera.io/')) {
    return asList(valueAt(object, 'spec', 'calicoNetwork', 'ipPools')).flatMap((item, index) => {
      const cidr = textAt(item, 'cidr')
      return cidr === undefined ? [] : [pool(cidr, 'spec', 'calicoNetwork', 'ipPools', index, 'cidr')]
    })
  }
  if (object.kind === 'IPPool' && object.apiVersion.includes('projectcalico.org')) return calicoPool(object, pool)
  if (object.kind === 'DaemonSet' && (object.metadata.name === 'calico-node' || object.metadata.name === 'canal')) {
    const environment = environmentOf(object)
    return ['CALICO_IPV4POOL_CIDR', 'CALICO_IPV6POOL_CIDR'].flatMap((name) => {
      const text = environment.get(name)
      return text === undefined
        ? []
        : [{ ...pool(text, 'spec', 'template', 'spec', 'containers'), where: `${name} of ${where}` }]
    })
  }
  if (object.kind === 'ConfigMap') return configMapPools(one, pool)
  if (object.kind !== 'HelmChart' || origin === 'rendered') return []
  const name = cniOfChart(textAt(object, 'spec', 'chart') ?? '')
  const values = chartValues(object)
  const pools = name === 'cilium' ? ciliumPools(values) : name === 'calico' ? operatorPools(values) : []
  return pools.map((text) => pool(text, 'spec', 'valuesContent'))
}

type MakePool = (text: string, ...path: readonly (string | number)[]) => PodPool

/** Pools for other uses than pods, and disabled ones, need not lie in the range of pods. */
function calicoPool(object: unknown, pool: MakePool): readonly PodPool[] {
  const cidr = textAt(object, 'spec', 'cidr')
  const uses = asList(valueAt(object, 'spec', 'allowedUses'))
  const isForPods = uses.length === 0 || uses.includes('Workload')
  return cidr === undefined || !isForPods || valueAt(object, 'spec', 'disabled') === true
    ? []
    : [pool(cidr, 'spec', 'cidr')]
}

function configMapPools({ object }: ObjectSubject, pool: MakePool): readonly PodPool[] {
  const { name } = object.metadata
  if (/^(rke2-)?canal-config$/.test(name)) {
    const conf = parseJsonObject(textAt(object, 'data', 'net-conf.json') ?? '')
    return ['Network', 'IPv6Network'].flatMap((key) => {
      const text = textAt(conf, key)
      const isMeant = key === 'Network' || valueAt(conf, 'EnableIPv6') === true
      return text === undefined || !isMeant ? [] : [pool(text, 'data', 'net-conf.json')]
    })
  }
  if (name !== 'cilium-config' || !isClusterPool(textAt(object, 'data', 'ipam'))) return []
  return ['cluster-pool-ipv4-cidr', 'cluster-pool-ipv6-cidr'].flatMap((key) =>
    (textAt(object, 'data', key) ?? '')
      .split(/[\s,]+/)
      .filter((text) => text !== '')
      .map((text) => pool(text, 'data', key)),
  )
}

/** @see cilium/cilium install/kubernetes/cilium/values.yaml */
function ciliumPools(values: unknown): readonly string[] {
  if (!isClusterPool(textAt(values, 'ipam', 'mode'))) return []
  const operator = valueAt(values, 'ipam', 'operator')
  const isIpv6 = valueAt(values, 'ipv6', 'enabled') === true
  return [
    ...textsOf(valueAt(operator, 'clusterPoolIPv4PodCIDRList')),
    ...(isIpv6 ? textsOf(valueAt(operator, 'clusterPoolIPv6PodCIDRList')) : []),
  ]
}

/** In every other mode the list is not read; without one this is the mode. */
function isClusterPool(mode: string | undefined): boolean {
  return mode === undefined || mode.startsWith('cluster-pool')
}

/** @see projectcalico/calico charts/tigera-operator/values.yaml */
function operatorPools(values: unknown): readonly string[] {
  return asList(valueAt(values, 'installation', 'calicoNetwork', 'ipPools')).flatMap(
    (item) => textAt(asRecord(item), 'cidr') ?? [],
  )
}

function textsOf(value: unknown): readonly string[] {
  const items = typeof value === 'string' ? value.split(/[\s,]+/) : asList(value)
  return items.filter((item): item is string => typeof item === 'string' && item !== '')
}
