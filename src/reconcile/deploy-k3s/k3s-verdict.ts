import type { DeployStatus } from '../../domain/deploy-status.ts'
import { Failure } from '../../domain/failure.ts'
import type { Verdict } from '../../domain/verdict.ts'

/** The API cannot be asked: what is known is of before. */
export interface Away {
  readonly failure: Failure
  /** When it was noticed, epoch milliseconds. */
  readonly sinceMs: number
}

/**
 * How our manifests stand beside a K3s that applies them: we can neither hurry it nor do it ourselves. Files of K3s are told
 * in the status, and judge nobody.
 */
export function k3sVerdict(
  status: DeployStatus | undefined,
  ours: ReadonlySet<string>,
  away: Away | undefined,
): Verdict {
  if (away !== undefined) {
    const { message, detail } = away.failure
    const since = new Date(Math.floor(away.sinceMs / 1_000) * 1_000).toISOString().replace('.000Z', 'Z')
    return {
      kind: 'pending',
      reason: detail.code,
      message: `What became of the manifests cannot be asked since ${since}: ${message} (${detail.fix})`,
    }
  }
  if (status === undefined)
    return { kind: 'pending', reason: 'Progressing', message: 'The manifests are looked at next' }
  const manifests = status.manifests.filter(({ path }) => ours.has(path))
  const stuck = manifests.filter(({ state }) => state === 'Stuck')
  if (stuck.length > 0) return { kind: 'blocked', reason: 'ManifestsStuck', message: shown(stuck) }
  const failed = manifests.filter(({ state }) => state === 'Failed')
  if (failed.length > 0) {
    const failures = failed.map(
      ({ path, addon, message }) =>
        new Failure(`${path}: ${message}`, {
          code: 'MANIFEST_FAILED',
          where: path,
          fix: `kubectl -n kube-system describe addon ${addon}`,
          retry: 'soon',
        }),
    )
    return { kind: 'failed', reason: 'ManifestsFailed', message: shown(failed), failures }
  }
  const pending = manifests.filter(({ state }) => state === 'Pending')
  if (pending.length > 0) return { kind: 'pending', reason: 'ManifestsPending', message: shown(pending) }
  const unknown = manifests.filter(({ state }) => state === 'Unknown').map(({ path }) => path)
  const message =
    unknown.length === 0
      ? 'K3s applied every manifest of the revision'
      : `K3s applied every manifest that can be told of; of ${unknown.join(', ')} it cannot`
  return { kind: 'settled', reason: 'Applied', message }
}

function shown(manifests: DeployStatus['manifests']): string {
  return manifests.map(({ path, message }) => `${path}: ${message}`).join('; ')
}
