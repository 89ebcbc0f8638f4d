import type { StatusSnapshot } from '../domain/status.ts'

export interface ReadinessCheck {
  readonly name: string
  readonly ok: boolean
  /** Why not, or what the condition says. */
  readonly message: string
}

/**
 * Ready to be asked, not "everything is well": once a pass has told what the Ready condition is, True or False, the
 * answers of this process mean something. A blocked revision must not take the webhook endpoint out of service.
 */
export function readinessChecks(snapshot: StatusSnapshot | undefined): readonly ReadinessCheck[] {
  const ready = snapshot?.conditions.find((condition) => condition.type === 'Ready')
  const known = ready !== undefined && ready.status !== 'Unknown'
  return [
    { name: 'process', ok: true, message: 'answering' },
    {
      name: 'first-pass',
      ok: snapshot !== undefined,
      message: snapshot === undefined ? 'no pass has ended yet' : `verdict ${snapshot.verdict}`,
    },
    {
      name: 'ready-condition',
      ok: known,
      message: ready === undefined ? 'not known yet' : `${ready.status} ${ready.reason}: ${ready.message}`,
    },
  ]
}

/** The form of kube-apiserver's `/readyz?verbose`. */
export function readinessText(checks: readonly ReadinessCheck[]): string {
  const lines = checks.map((check) => (check.ok ? `[+]${check.name} ok` : `[-]${check.name} failed: ${check.message}`))
  return [...lines, checks.every((check) => check.ok) ? 'readyz check passed' : 'readyz check failed'].join('\n')
}
