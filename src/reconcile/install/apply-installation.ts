import type { KubernetesObject } from '../../domain/facts.ts'
import { objectKey } from '../../k3s/object-key.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import { applyObjects } from '../objects/apply-objects.ts'
import { type ObjectOutcome, refOf } from '../objects/object-outcome.ts'
import { installedObjects } from './installed-objects.ts'

/**
 * Makes the cluster hold this installation and nothing of another release: first all that is wanted, then what only a
 * release before had. What is refused keeps everything of before.
 * @throws Failure `KUBE_*`
 */
export async function applyInstallation(
  desired: readonly KubernetesObject[],
  ports: { readonly objects: KubeObjectsPort; readonly clock: ClockPort },
  signal: AbortSignal,
): Promise<readonly ObjectOutcome[]> {
  const { outcomes } = await applyObjects(desired, { conflicts: 'Take' }, ports, signal)
  const isWhole = outcomes.every(({ kind }) => kind === 'Created' || kind === 'Changed' || kind === 'Unchanged')
  if (!isWhole) return outcomes
  const wanted = new Set(desired.map((object) => objectKey(refOf(object))))
  const removed: ObjectOutcome[] = []
  for (const { ref, uid } of await installedObjects(ports.objects, signal)) {
    if (wanted.has(objectKey(ref))) continue
    await ports.objects.delete(ref, { uid, propagation: 'Background' }, signal)
    removed.push({ ref, kind: 'Pruned' })
  }
  return [...outcomes, ...removed]
}
