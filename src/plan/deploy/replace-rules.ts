import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { DeployRules } from './deploy-rules.ts'
import type { GroupVersionKind } from './group-version-kind.ts'
import { sameJson } from './same-json.ts'

/**
 * Whether K3s deletes an object and makes it anew in the next pass, because of a field that cannot be changed.
 *
 * @param base what was applied last, else the live object
 * @param desired as it will be remembered: long texts are cut on both sides
 * @see rancher/wrangler pkg/apply/reconcilers.go
 */
export function needsReplacing(gvk: GroupVersionKind, base: Json, desired: Json, rules: DeployRules): boolean {
  const [before, after] = [asRecord(base['spec']), asRecord(desired['spec'])]
  switch (`${gvk.group}/${gvk.kind}`) {
    case 'apps/DaemonSet':
    case 'apps/Deployment':
      return !sameJson(before['selector'], after['selector'])
    case 'batch/Job':
      return !sameJson(before['template'], after['template'])
    case '/Service':
      return differs(before['type'], after['type'])
    case '/Secret':
      return rules.replacesSecretType && differs(base['type'], desired['type'])
    default:
      return false
  }
}

/** A type that is not written is no wish to change it. */
function differs(before: unknown, after: unknown): boolean {
  return textIn(after) !== undefined && before !== after
}
