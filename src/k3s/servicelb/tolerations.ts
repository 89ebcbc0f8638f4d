import type { Taint } from '../../domain/facts.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'

export interface Toleration {
  /** Empty with `Exists` means every key. */
  readonly key: string
  readonly operator: 'Exists' | 'Equal'
  readonly value: string
  /** Absent means every effect. */
  readonly effect?: string
}

/** Taints that keep ServiceLB's pods away from a node, as far as `tolerations` does not cover them. */
export function untolerated(taints: readonly Taint[], tolerations: readonly Toleration[]): readonly Taint[] {
  return taints.filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => covers(toleration, taint)),
  )
}

function covers({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false
  if (key === '') return operator === 'Exists'
  if (key !== taint.key) return false
  return operator === 'Exists' || value === (taint.value ?? '')
}

/**
 * What every pod of ServiceLB tolerates, with what the DaemonSet controller adds.
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go; kubernetes/kubernetes pkg/controller/daemon/util/daemonset_util.go
 */
export function defaultTolerations(version: K3sVersion): readonly Toleration[] {
  return supports('servicelb-master-toleration', version) ? tolerationsWithMaster : ownTolerations
}

function anyValue(key: string, effect?: Taint['effect']): Toleration {
  return { key, operator: 'Exists', value: '', ...(effect === undefined ? {} : { effect }) }
}

const ownTolerations: readonly Toleration[] = [
  anyValue('node-role.kubernetes.io/control-plane', 'NoSchedule'),
  anyValue('CriticalAddonsOnly'),
  anyValue('node.kubernetes.io/not-ready', 'NoExecute'),
  anyValue('node.kubernetes.io/unreachable', 'NoExecute'),
  anyValue('node.kubernetes.io/disk-pressure', 'NoSchedule'),
  anyValue('node.kubernetes.io/memory-pressure', 'NoSchedule'),
  anyValue('node.kubernetes.io/pid-pressure', 'NoSchedule'),
  anyValue('node.kubernetes.io/unschedulable', 'NoSchedule'),
]

const tolerationsWithMaster: readonly Toleration[] = [
  ...ownTolerations,
  anyValue('node-role.kubernetes.io/master', 'NoSchedule'),
]

/**
 * The value of the tolerations annotation, read from JSON or YAML, as ServiceLB and the API server check it.
 * @returns the reason, in words, why no DaemonSet comes of it
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go (`getTolerations`); kubernetes/kubernetes pkg/apis/core/validation
 */
export function readTolerations(value: unknown): Result<readonly Toleration[], string> {
  if (value === null || value === undefined) return success([])
  if (!Array.isArray(value)) return refusal('it is no list')
  const tolerations: Toleration[] = []
  for (const [index, item] of value.entries()) {
    const read = readToleration(item)
    if (!read.ok) return refusal(`entry ${index + 1} ${read.error}`)
    tolerations.push(read.value)
  }
  return success(tolerations)
}

function readToleration(item: unknown): Result<Toleration, string> {
  if (item === null) return refusal('is empty: an empty key needs operator Exists')
  if (typeof item !== 'object' || Array.isArray(item)) return refusal('is no object')
  const { key = '', operator = 'Equal', value = '', effect = '' } = nullsLeftOut(item)
  if (typeof key !== 'string' || typeof operator !== 'string' || typeof value !== 'string') {
    return refusal('has a key, an operator or a value that is no text')
  }
  if (typeof effect !== 'string' || !effects.has(effect)) return refusal('has an effect that Kubernetes does not know')
  // An empty operator is Equal; later Kubernetes knows more operators, ServiceLB's pods are not made for them.
  const known = operator === '' ? 'Equal' : operator
  if (known !== 'Equal' && known !== 'Exists') return refusal('has an operator that is neither Equal nor Exists')
  if (key === '' && known !== 'Exists') return refusal('has an empty key, which needs operator Exists')
  if (known === 'Exists' && value !== '') return refusal('has operator Exists and a value')
  return success({ key, operator: known, value, ...(effect === '' ? {} : { effect }) })
}

function nullsLeftOut(item: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null))
}

const effects: ReadonlySet<string> = new Set(['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'])
