import type { DeployStatus, ManifestStatus } from '../../domain/deploy-status.ts'
import { Failure } from '../../domain/failure.ts'
import type { Verdict } from '../../domain/verdict.ts'

/** How the manifests stand, whoever applies them: files that are not ours are told in the status and judge nobody. */
export function deployVerdict(status: DeployStatus, ours: ReadonlySet<string>, failure: Failure | undefined): Verdict {
  if (failure !== undefined) {
    const { code, fix } = failure.detail
    return { kind: 'failed', reason: code, message: `${failure.message} (${fix})`, failures: [failure] }
  }
  const own = status.manifests.filter(({ path }) => ours.has(path))
  const failed = own.filter(({ state }) => state === 'Failed')
  if (failed.length > 0) {
    const message = failed.map(({ path, message: why }) => `${path}: ${why}`).join('; ')
    return { kind: 'failed', reason: 'ManifestsFailed', message, failures: failed.map(manifestFailure) }
  }
  const waiting = own.filter(({ state }) => state !== 'Applied').map(({ path }) => path)
  if (waiting.length > 0) {
    return { kind: 'pending', reason: 'ManifestsPending', message: `Not applied yet: ${waiting.join(', ')}` }
  }
  return { kind: 'settled', reason: 'Applied', message: 'Every manifest of the revision is applied' }
}

function manifestFailure({ path, message, addon }: ManifestStatus): Failure {
  return new Failure(`${path}: ${message}`, {
    code: 'MANIFEST_FAILED',
    where: path,
    fix: `kubectl -n kube-system describe addon ${addon} tells what became of it`,
    retry: 'soon',
  })
}
