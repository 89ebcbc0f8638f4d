import type { KubernetesObject } from '../../domain/facts.ts'
import { asList, asRecord, type Json, numberIn, textIn } from '../../domain/plain-json.ts'
import {
  current,
  failed,
  type HealthCondition,
  type HealthRule,
  inProgress,
  type ObjectHealth,
  told,
} from './health-words.ts'
import { groupKind } from './order-objects.ts'
import { workloadHealth } from './workload-health.ts'

/**
 * Whether an object has become what its spec says, as far as its status tells. What says nothing about itself is current.
 * @see kubernetes-sigs/cli-utils pkg/kstatus/status/core.go, generic.go
 */
export function objectHealth(live: KubernetesObject): ObjectHealth {
  const metadata: Json = live.metadata
  if (metadata['deletionTimestamp'] !== undefined) return { state: 'Terminating', message: 'it is being deleted' }
  const status = asRecord(live['status'])
  const observed = numberIn(status['observedGeneration'])
  const generation = numberIn(metadata['generation'])
  if (observed !== undefined && generation !== undefined && observed < generation) {
    return inProgress(`its controller has seen generation ${observed} of ${generation}`)
  }
  const conditions = conditionsOf(status)
  const stalled = conditions.find(({ type, value }) => type === 'Stalled' && value === 'True')
  if (stalled !== undefined) return failed(told(stalled))
  const reconciling = conditions.find(({ type, value }) => type === 'Reconciling' && value === 'True')
  if (reconciling !== undefined) return inProgress(told(reconciling))
  const special = rules[groupKind(live)] ?? workloadHealth(groupKind(live))
  return special === undefined ? byReady(conditions) : special(live, conditions)
}

function conditionsOf(status: Json): readonly HealthCondition[] {
  return asList(status['conditions']).map((value) => {
    const condition = asRecord(value)
    return {
      type: textIn(condition['type']) ?? '',
      value: textIn(condition['status']) ?? '',
      reason: textIn(condition['reason']) ?? '',
      message: textIn(condition['message']) ?? '',
    }
  })
}

function byReady(conditions: readonly HealthCondition[]): ObjectHealth {
  const ready = conditions.find(({ type }) => type === 'Ready')
  return ready === undefined || ready.value === 'True' ? current : inProgress(told(ready))
}

const rules: Readonly<Record<string, HealthRule>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': (_live, conditions) => {
    const rejected = conditions.find(({ type, value }) => type === 'NamesAccepted' && value === 'False')
    if (rejected !== undefined) return failed(told(rejected))
    const isEstablished = conditions.some(({ type, value }) => type === 'Established' && value === 'True')
    return isEstablished ? current : inProgress('it is not established yet')
  },
  '/Namespace': ({ status }) => (asRecord(status)['phase'] === 'Active' ? current : inProgress('it is not active yet')),
  '/Service': ({ spec, status }) => {
    if (asRecord(spec)['type'] !== 'LoadBalancer') return current
    const { ingress } = asRecord(asRecord(status)['loadBalancer'])
    return asList(ingress).length > 0 ? current : inProgress('no load balancer has given it an address yet')
  },
  '/PersistentVolumeClaim': ({ status }) => {
    const phase = textIn(asRecord(status)['phase']) ?? 'Pending'
    return phase === 'Bound' ? current : inProgress(`it is ${phase}`)
  },
}
