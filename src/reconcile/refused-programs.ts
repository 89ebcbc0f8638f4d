import { rollbackReasons, weighRollback } from '../domain/rollback-reason.ts'
import type { Checkpoint } from '../ports/checkpoint-port.ts'

const failuresThatRefuse = 2

/**
 * Why a program is not tried again by itself: it was taken back twice since it last held, or once by hand or by a
 * restart of the machine. Another revision is another question, also when it renders the same program; without this a
 * loop applies and takes back for ever (kubernetes-nmstate #197).
 *
 * @param past newest first
 * @returns undefined when it may be tried
 */
export function refusedProgram(
  past: readonly Checkpoint[],
  { program, revision }: Pick<Checkpoint, 'program' | 'revision'>,
): string | undefined {
  const reasons: string[] = []
  for (const checkpoint of past) {
    if (checkpoint.program !== program || checkpoint.revision !== revision) continue
    if (checkpoint.phase === 'confirmed') break
    const { reason, isManual } = checkpoint
    if (reason === undefined || weighRollback(reason) === 'harmless') continue
    // Somebody was asked, and did not say yes.
    if (isManual && reason.startsWith(rollbackReasons.deadline)) return reason
    reasons.push(reason)
  }
  const last = reasons[0]
  if (last === undefined) return undefined
  const isFinal = reasons.some((reason) => weighRollback(reason) === 'final')
  return isFinal || reasons.length >= failuresThatRefuse ? last : undefined
}
