import { seededChance } from '../../lab/seeded-chance.ts'
import { type ProgramKind, programKinds } from './kill-programs.ts'

/** When the kill comes: this long after the checkpoint came so far, or after the program was written. */
export interface KillMoment {
  readonly after: 'written' | 'prepared' | 'armed' | 'applying' | 'probing'
  readonly offsetMs: number
}

export interface KillPlan {
  readonly trial: number
  readonly kind: ProgramKind
  readonly moment: KillMoment
  /** Whatever is ours inside the namespace dies as well, watchdogs first or last; else only the agent. */
  readonly everything: 'no' | 'agent first' | 'agent last'
  /** The machine goes down with it, and its kernel forgets everything. */
  readonly reboots: boolean
  /** Until the agent is started again, as a service manager would. */
  readonly restartMs: number
}

const moments = ['written', 'prepared', 'armed', 'applying', 'applying', 'probing'] as const

/** What a trial does: the same seed and number, the same plan. */
export function planKill(seed: number, trial: number): KillPlan {
  const chance = seededChance(seed * 10_007 + trial)
  const pick = <T>(from: readonly [T, ...T[]]): T => from[Math.floor(chance() * from.length)] ?? from[0]
  const kind = pick(programKinds)
  // Two thirds of the kills come while something is being written, the others anywhere until it is confirmed.
  const isClose = chance() < 2 / 3
  const after = isClose ? pick(moments) : 'written'
  const offsetMs = Math.round(chance() * (isClose ? (after === 'written' ? 900 : 80) : 6_000))
  const everything = pick(['no', 'no', 'agent first', 'agent last'] as const)
  return {
    trial,
    kind,
    moment: { after, offsetMs },
    everything,
    reboots: trial % 3 === 2,
    restartMs: Math.round(chance() * 2_000),
  }
}
