/**
 * Why a change was taken back, in words that do not move: watchdogs, boot unit and agent write them to the disk, and
 * whether a program may be tried again is decided from them.
 */
export const rollbackReasons = {
  deadline: 'nobody confirmed it in time',
  agentDied: 'the process that applied it ended before it was confirmed',
  boot: 'rolled-back-by-boot',
  unarmed: 'its watchdogs could not be started; nothing was applied',
  /** Somebody else held the lock, or rewrote the same tables all the time. */
  busy: 'it could not be applied while others were writing',
  asked: 'taken back by hand',
} as const

/** Somebody said no, or it took the machine down: it is not tried again by itself. Beginnings of reasons. */
const finalReasons: readonly string[] = [rollbackReasons.asked, rollbackReasons.boot]
/** Says nothing about the program. */
const harmlessReasons: readonly string[] = [rollbackReasons.unarmed, rollbackReasons.busy]

/** How much a rollback speaks against the program: `final` at once, `failed` when it happens again, `harmless` never. */
export function weighRollback(reason: string): 'final' | 'failed' | 'harmless' {
  if (finalReasons.some((beginning) => reason.startsWith(beginning))) return 'final'
  return harmlessReasons.some((beginning) => reason.startsWith(beginning)) ? 'harmless' : 'failed'
}
