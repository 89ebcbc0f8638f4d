import { describe, expect, test } from 'vitest'
import type { ProbeResult, ProbeSpec } from '../../src/domain/probe.ts'
import { rollbackReasons } from '../../src/domain/rollback-reason.ts'
import type { Checkpoint } from '../../src/ports/checkpoint-port.ts'
import type { ProbeRound } from '../../src/reconcile/probe-rounds.ts'
import { judgeRounds } from '../../src/reconcile/probe-rounds.ts'
import { refusedProgram } from '../../src/reconcile/refused-programs.ts'
import { decideRisky, type RiskyAttempt, type RiskyStep } from '../../src/reconcile/risky-change.ts'
import { planRounds } from '../../src/reconcile/round-plan.ts'

const probe = (name: string, timeoutMs = 1_000): ProbeSpec => ({ name, check: { kind: 'gateway' }, timeoutMs })
const result = (name: string, passed: boolean): ProbeResult => ({ name, passed, tookMs: 1, message: '' })
const probes = [probe('dns'), probe('gateway')]

function checkpoint(changes: Partial<Checkpoint> = {}): Checkpoint {
  return {
    id: '000007',
    program: 'p1',
    revision: 'r1',
    phase: 'probing',
    startedAt: '2026-01-01T00:00:00.000Z',
    confirmTimeoutMs: 60_000,
    required: probes,
    changes: [],
    isManual: false,
    ...changes,
  }
}

function attempt(changes: Partial<RiskyAttempt> = {}): RiskyAttempt {
  return {
    program: 'p1',
    revision: 'r1',
    probes,
    confirmTimeoutMs: 60_000,
    isManual: false,
    past: [],
    rounds: [],
    leftMs: 50_000,
    ...changes,
  }
}

/** One round a second; each letter is one: `.` all pass, `d` dns fails, `g` the gateway fails. */
function rounds(letters: string): ProbeRound[] {
  return letters.split('').map((letter, index) => ({
    atMs: index * 1_000,
    results: [result('dns', letter !== 'd'), result('gateway', letter !== 'g')],
  }))
}

const situations: readonly {
  readonly name: string
  readonly given: RiskyAttempt
  readonly step: Partial<RiskyStep>
}[] = [
  { name: 'nothing was asked yet', given: attempt(), step: { kind: 'take-baseline', probes } },
  {
    name: 'what failed before is not required afterwards, and is reported',
    given: attempt({ baseline: [result('dns', false), result('gateway', true)] }),
    step: {
      kind: 'arm',
      required: [probe('gateway')],
      alreadyFailing: [result('dns', false)],
      isManual: false,
    },
  },
  {
    name: 'nothing answered before: somebody has to look',
    given: attempt({ baseline: [result('dns', false), result('gateway', false)] }),
    step: { kind: 'arm', required: [], isManual: true },
  },
  {
    name: 'the window is shorter than its probes',
    given: attempt({ confirmTimeoutMs: 6_000 }),
    step: { kind: 'too-short', neededMs: 9_000 },
  },
  { name: 'it is armed', given: attempt({ checkpoint: checkpoint({ phase: 'armed' }) }), step: { kind: 'apply' } },
  {
    name: 'it was never armed',
    given: attempt({ checkpoint: checkpoint({ phase: 'prepared' }) }),
    step: { kind: 'roll-back', reason: rollbackReasons.unarmed },
  },
  {
    name: 'writing was interrupted',
    given: attempt({ checkpoint: checkpoint({ phase: 'applying' }) }),
    step: { kind: 'roll-back', reason: rollbackReasons.agentDied },
  },
  {
    name: 'a table was refused half way',
    given: attempt({
      checkpoint: checkpoint({ phase: 'applying' }),
      applied: { ok: false, message: 'nat was refused' },
    }),
    step: { kind: 'roll-back', reason: 'it could not be applied whole: nat was refused' },
  },
  {
    name: 'everything is written',
    given: attempt({ checkpoint: checkpoint({ phase: 'applying' }), applied: { ok: true } }),
    step: { kind: 'probe', probes, afterMs: 0 },
  },
  {
    name: 'the first round comes at once',
    given: attempt({ checkpoint: checkpoint() }),
    step: { kind: 'probe', afterMs: 0 },
  },
  {
    name: 'all pass, and the settle time is not over',
    given: attempt({ checkpoint: checkpoint(), rounds: rounds('.........') }),
    step: { kind: 'probe', afterMs: 1_000 },
  },
  {
    name: 'all passed for ten seconds',
    given: attempt({ checkpoint: checkpoint(), rounds: rounds('...........') }),
    step: { kind: 'confirm' },
  },
  {
    name: 'one failure starts the settle time anew',
    given: attempt({ checkpoint: checkpoint(), rounds: rounds('.........d.......') }),
    step: { kind: 'probe' },
  },
  {
    name: 'the same probe fails twice among three',
    given: attempt({ checkpoint: checkpoint(), rounds: rounds('..g.g') }),
    step: { kind: 'roll-back', reason: 'no answer afterwards: gateway' },
  },
  {
    name: 'two probes fail once each',
    given: attempt({ checkpoint: checkpoint(), rounds: rounds('..gd') }),
    step: { kind: 'probe' },
  },
  {
    name: 'the deadline has passed although all pass',
    given: attempt({ checkpoint: checkpoint(), rounds: rounds('...........'), leftMs: 0 }),
    step: { kind: 'roll-back', reason: rollbackReasons.deadline },
  },
  {
    name: 'all pass and a person decides: probing goes on',
    given: attempt({ checkpoint: checkpoint({ isManual: true }), rounds: rounds('...........') }),
    step: { kind: 'probe', afterMs: 1_000 },
  },
  {
    name: 'a person decides and nothing can be probed',
    given: attempt({ checkpoint: checkpoint({ isManual: true, required: [] }), rounds: rounds('...........') }),
    step: { kind: 'await-confirmation', afterMs: 1_000 },
  },
  {
    name: 'a person decides, and a probe fails meanwhile',
    given: attempt({ checkpoint: checkpoint({ isManual: true }), rounds: rounds('...........gg') }),
    step: { kind: 'roll-back', reason: 'no answer afterwards: gateway' },
  },
  {
    name: 'a watchdog takes it back: we help',
    given: attempt({ checkpoint: checkpoint({ phase: 'rolling-back', reason: rollbackReasons.deadline }) }),
    step: { kind: 'roll-back', reason: rollbackReasons.deadline },
  },
  {
    name: 'it was taken back',
    given: attempt({ checkpoint: checkpoint({ phase: 'rolled-back', reason: 'x' }) }),
    step: { kind: 'ended', as: 'rolled-back', reason: 'x' },
  },
  {
    name: 'somebody confirmed it',
    given: attempt({ checkpoint: checkpoint({ phase: 'confirmed' }) }),
    step: { kind: 'ended', as: 'confirmed' },
  },
  {
    name: 'it failed twice before',
    given: attempt({ past: [past('no dns'), past('no gateway')] }),
    step: { kind: 'refuse', reason: 'no dns' },
  },
]

function past(reason: string, changes: Partial<Checkpoint> = {}): Checkpoint {
  return checkpoint({ phase: 'rolled-back', reason, ...changes })
}

describe('the next step of a risky change', () => {
  for (const { name, given, step } of situations) {
    test(`${name}: ${step.kind}`, () => {
      expect(decideRisky(given)).toMatchObject(step)
      expect(decideRisky(given)).toEqual(decideRisky(structuredClone(given)))
    })
  }
})

describe('a program is refused', () => {
  const confirmed = checkpoint({ phase: 'confirmed' })
  const cases: readonly (readonly [string, readonly Checkpoint[], boolean])[] = [
    ['never tried', [], false],
    ['failed once', [past('no dns')], false],
    ['failed twice', [past('no dns'), past('no dns')], true],
    ['failed twice since it last held', [past('no dns'), past('no dns'), confirmed], true],
    ['held after it failed', [past('no dns'), confirmed, past('no dns')], false],
    ['failed for another revision', [past('no dns', { revision: 'r0' }), past('no dns')], false],
    ['another program failed', [past('no dns', { program: 'p0' }), past('no dns')], false],
    ['taken back by hand', [past(`${rollbackReasons.asked} by ada`)], true],
    ['taken back by a restart of the machine', [past(rollbackReasons.boot)], true],
    ['its process ended once', [past(rollbackReasons.agentDied)], false],
    ['never armed, twice', [past(rollbackReasons.unarmed), past(rollbackReasons.unarmed)], false],
  ]
  for (const [name, checkpoints, isRefused] of cases) {
    test(`${name}: ${isRefused ? 'refused' : 'may be tried'}`, () => {
      expect(refusedProgram(checkpoints, { program: 'p1', revision: 'r1' }) !== undefined).toBe(isRefused)
    })
  }
})

describe('the window', () => {
  for (const seconds of [10, 20, 30, 60, 120, 300]) {
    test(`of ${seconds} s: the slowest answers leave five seconds for the way back`, () => {
      const plan = planRounds(seconds * 1_000, [probe('slow', 60_000), probe('quick', 100)])
      expect(plan.fits).toBe(true)
      const slowest = Math.max(...plan.probes.map(({ timeoutMs }) => timeoutMs))
      expect(plan.settleMs + plan.rounds * slowest).toBeLessThanOrEqual(seconds * 1_000 - 5_000)
      expect(plan.probes[1]?.timeoutMs).toBe(100)
      expect(plan.settleMs).toBeGreaterThanOrEqual(1_000)
    })
  }

  test('of a minute settles for ten seconds', () => {
    expect(planRounds(60_000, probes).settleMs).toBe(10_000)
  })

  test('a round that took long counts by when it began', () => {
    const plan = { settleMs: 2_000, rounds: 3 }
    expect(judgeRounds(rounds('...'), plan).kind).toBe('settled')
    expect(judgeRounds(rounds('..'), plan).kind).toBe('open')
    expect(judgeRounds([], plan).kind).toBe('open')
  })
})
