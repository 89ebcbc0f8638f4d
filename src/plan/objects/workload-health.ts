import { asRecord, type Json, numberIn, textIn } from '../../domain/plain-json.ts'
import { current, failed, type HealthRule, inProgress, type ObjectHealth, told } from './health-words.ts'

/** The rule of a kind that runs pods; undefined for every other kind. */
export function workloadHealth(groupKind: string): HealthRule | undefined {
  return rules[groupKind]
}

interface Step {
  readonly is: number
  readonly of: number
  readonly what: string
}

/** The first number that is not there yet. */
function progress(steps: readonly Step[]): ObjectHealth {
  const behind = steps.find((step) => step.is < step.of)
  return behind === undefined ? current : inProgress(`${behind.is} of ${behind.of} pods are ${behind.what}`)
}

function count(status: Json, field: string): number {
  return numberIn(status[field]) ?? 0
}

const rules: Readonly<Record<string, HealthRule>> = {
  'apps/Deployment': (live, conditions) => {
    const [spec, status] = [asRecord(live['spec']), asRecord(live['status'])]
    const late = conditions.find(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded')
    if (late !== undefined) return failed(told(late))
    if (status['observedGeneration'] === undefined) return inProgress('its controller has not seen it yet')
    const wanted = numberIn(spec['replicas']) ?? 1
    const updated = count(status, 'updatedReplicas')
    if (count(status, 'replicas') > updated && updated >= wanted) {
      return inProgress(`${count(status, 'replicas') - updated} pods of the former revision are left`)
    }
    return progress([
      { is: updated, of: wanted, what: 'updated' },
      { is: count(status, 'availableReplicas'), of: wanted, what: 'available' },
      { is: count(status, 'readyReplicas'), of: wanted, what: 'ready' },
    ])
  },
  'apps/DaemonSet': (live) => {
    const status = asRecord(live['status'])
    if (status['observedGeneration'] === undefined) return inProgress('its controller has not seen it yet')
    const wanted = count(status, 'desiredNumberScheduled')
    return progress([
      { is: count(status, 'currentNumberScheduled'), of: wanted, what: 'scheduled' },
      { is: count(status, 'updatedNumberScheduled'), of: wanted, what: 'updated' },
      { is: count(status, 'numberAvailable'), of: wanted, what: 'available' },
      { is: count(status, 'numberReady'), of: wanted, what: 'ready' },
    ])
  },
  'apps/StatefulSet': (live) => {
    const [spec, status] = [asRecord(live['spec']), asRecord(live['status'])]
    const strategy = asRecord(spec['updateStrategy'])
    // Whoever deletes the pods by hand decides when it is done.
    if (strategy['type'] === 'OnDelete') return current
    if (status['observedGeneration'] === undefined) return inProgress('its controller has not seen it yet')
    const wanted = numberIn(spec['replicas']) ?? 1
    const partition = numberIn(asRecord(strategy['rollingUpdate'])['partition']) ?? 0
    return progress([
      { is: count(status, 'replicas'), of: wanted, what: 'created' },
      { is: count(status, 'readyReplicas'), of: wanted, what: 'ready' },
      { is: count(status, 'updatedReplicas'), of: Math.max(0, wanted - partition), what: 'updated' },
    ])
  },
  'batch/Job': (live, conditions) => {
    const end = conditions.find(({ type, value }) => value === 'True' && ['Failed', 'Complete'].includes(type))
    if (end?.type === 'Failed') return failed(told(end))
    // A Job that runs did what was asked: its end may be hours away.
    return end !== undefined || asRecord(live['status'])['startTime'] !== undefined
      ? current
      : inProgress('it has not started yet')
  },
  '/Pod': (live, conditions) => {
    const phase = textIn(asRecord(live['status'])['phase']) ?? 'Pending'
    if (phase === 'Succeeded') return current
    if (phase === 'Failed') return failed('it ended with an error')
    const ready = conditions.find(({ type }) => type === 'Ready')
    if (phase === 'Running' && ready?.value === 'True') return current
    return inProgress(ready === undefined || ready.reason === '' ? `it is ${phase}` : told(ready))
  },
}
