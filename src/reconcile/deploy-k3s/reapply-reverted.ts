import { Failure } from '../../domain/failure.ts'
import type { NodeObservation } from '../../domain/observation.ts'
import { addonKind } from '../../plan/deploy/addon.ts'
import { addonNamespace } from '../../plan/deploy/object-marks.ts'
import type { RevertedManifest } from '../../plan/k3s-engine/reverted-manifests.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { NodeFilesPort } from '../../ports/node-files-port.ts'

export interface ReapplyPorts {
  readonly objects: Pick<KubeObjectsPort, 'patch'>
  readonly files: Pick<NodeFilesPort, 'writeFile'>
  readonly log: LogPort
}

/** The server refuses, the file is being written, or K3s writes the Addon: the next look tells what is left to do. */
const passing: ReadonlySet<string> = new Set(['FILE_CHANGED', 'KUBE_STALE'])
const refused: ReadonlySet<string> = new Set(['KUBE_DENIED', 'KUBE_FORBIDDEN'])

/**
 * Makes K3s look again at manifests that it wrongly takes for applied: their checksum is taken out of the Addon, and the
 * file is written anew with the same bytes, so that its time is another. K3s then applies it in its own way, which repairs
 * what the failed content changed. We apply nothing.
 *
 * @returns paths of those that K3s looks at again
 * @throws Failure KUBE_* when the API is away
 */
export async function reapplyReverted(
  reverted: readonly RevertedManifest[],
  observation: NodeObservation,
  ports: ReapplyPorts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const done: string[] = []
  for (const one of reverted) {
    try {
      if (await reapply(one, observation, ports, signal)) done.push(one.manifest.path)
    } catch (error) {
      const code = error instanceof Failure ? error.detail.code : ''
      if (!passing.has(code) && !refused.has(code)) throw error
      if (refused.has(code)) ports.log.debug({ path: one.manifest.path, code }, 'K3s cannot be made to look again')
    }
  }
  return done
}

async function reapply(
  { manifest: { path, digest }, addon }: RevertedManifest,
  observation: NodeObservation,
  { objects, files, log }: ReapplyPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const there = observation.files.get(path)
  if (there?.text === undefined || there.digest !== digest) return false
  const ref = { apiVersion: addonKind.groupVersion, kind: addonKind.kind, namespace: addonNamespace, name: addon.name }
  const patch = { metadata: { resourceVersion: addon.resourceVersion }, spec: { checksum: '' } }
  await objects.patch(ref, 'merge', patch, {}, signal)
  if (!(await files.writeFile(path, there.text, there))) return false
  log.info({ path, addon: addon.name }, 'K3s is made to apply a manifest again that it takes for applied')
  return true
}
