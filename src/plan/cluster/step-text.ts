import { compareById } from '../../domain/artefact.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { ClusterStep, HoldStep } from './cluster-step.ts'

/** One line for people: `Node pi-1: +svccontroller.k3s.cattle.io/lbpool=edge`. Undefined for what is only written down. */
export function stepText(step: ClusterStep): string | undefined {
  switch (step.kind) {
    case 'hold':
      return `${targetText(step.target)}: ${differences(step).join(', ')}`
    case 'delete-daemon-set': {
      const { namespace, name, service } = step.daemonSet
      return `DaemonSet ${namespace}/${name}: made anew, because its selector is stale (Service ${service})`
    }
    case 'intend':
    case 'forget':
      return undefined
    default:
      return unreachable(step)
  }
}

/** `Node pi-1`, `Service shop/web`. */
export function targetText({ kind, namespace, name }: HoldStep['target']): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

function differences({ fields, before, written }: HoldStep): readonly string[] {
  return [
    ...changedTexts(before.labels, fields.labels, written.labels),
    ...changedTexts(before.annotations, fields.annotations, written.annotations),
  ]
}

type Texts = Readonly<Record<string, string>>

/** Keys that are written down for later are neither set nor taken away. */
function changedTexts(before: Texts, after: Texts, written: Texts): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return keys
    .map((id) => ({ id, before: before[id], after: after[id] }))
    .toSorted(compareById)
    .flatMap(({ id, before: old, after: next }) => {
      if (next !== undefined)
        return old === undefined ? [`+${id}=${next}`] : next === old ? [] : [`~${id}=${next} (was ${old})`]
      return Object.hasOwn(written, id) ? [] : [`-${id}`]
    })
}
