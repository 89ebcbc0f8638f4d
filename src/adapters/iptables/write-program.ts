import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, type FailureDetail } from '../../domain/failure.ts'
import { destroyPayload, setPayload, setsAgain } from './address-sets.ts'
import { type LiveState, type LiveTables, liveTable } from './live-tables.ts'
import { planSteps, type WantedState, type WriteStep } from './plan-steps.ts'
import { filterTables } from './program-payload.ts'
import { toolWords, type WriteVerdict, writeVerdict } from './refusal.ts'
import { restoreText } from './restore-text.ts'
import { wantedAgain } from './wanted-table.ts'

const maxAttempts = 5

export interface WriteLimits {
  /** Milliseconds that all waiting for the lock may take. */
  readonly lockBudgetMs: number
  readonly mayRemove: (chain: string) => boolean
}

/**
 * Takes the node from where it is to `wanted`: read, plan, write table by table. When the tables changed under the plan
 * it is made anew; when a later table fails for good, those already written go back to what they were.
 * @param seen what was read just before; read now when absent
 * @throws Failure FILTER_LOCKED, FILTER_CONTESTED, FILTER_FAILED
 */
export async function writeProgram(
  live: LiveTables,
  wanted: WantedState,
  limits: WriteLimits,
  seen: LiveState | undefined,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + limits.lockBudgetMs
  let state = seen ?? (await live.read())
  const before = state
  let isTouched = false
  for (let [attempt, locked] = [1, 0]; ; ) {
    signal.throwIfAborted()
    const outcome = await runSteps(live, planSteps(state, wanted, limits.mayRemove), deadline)
    isTouched ||= outcome.written > 0
    if (outcome.verdict === 'done') return
    if (outcome.verdict === 'locked') {
      if (performance.now() >= deadline) throw lockedFailure(outcome, isTouched)
      locked += 1
      await sleep(Math.min(50 * 2 ** locked, 1000))
    } else {
      if (outcome.verdict === 'failed' || attempt === maxAttempts) {
        throw await endFailure(live, before, wanted, outcome, isTouched, deadline)
      }
      await sleep(10 * 2 ** attempt * (0.5 + Math.random()))
      attempt += 1
    }
    state = await live.read()
  }
}

interface Outcome {
  readonly verdict: WriteVerdict | 'done'
  /** Steps that went through. */
  readonly written: number
  /** The place and words of the step that did not. */
  readonly where: string
  readonly words: string
}

async function runSteps(live: LiveTables, steps: readonly WriteStep[], deadline: number): Promise<Outcome> {
  for (const [written, step] of steps.entries()) {
    const result = await runStep(live, step, deadline)
    if (result.code === 0) continue
    const words = toolWords(result.stderr) || result.failed || `exit status ${result.code}`
    const verdict = step.kind === 'table' ? writeVerdict(result.code, result.stderr) : 'failed'
    return { verdict, written, where: whereOf(step), words }
  }
  return { verdict: 'done', written: steps.length, where: '', words: '' }
}

async function runStep(live: LiveTables, step: WriteStep, deadline: number): ReturnType<LiveTables['writeSets']> {
  if (step.kind === 'sets') return live.writeSets(setPayload(step.sets))
  if (step.kind === 'destroy') return destroySets(live, step.names)
  const left = Math.ceil((deadline - performance.now()) / 1000)
  return live.write(step.family, restoreText(step.plan.lines), Math.max(1, Math.min(5, left)))
}

/** The kernel frees rules a little after they are gone, and their sets only then. */
async function destroySets(live: LiveTables, names: readonly string[]): ReturnType<LiveTables['writeSets']> {
  let left = [...names]
  for (let turn = 1; ; turn += 1) {
    const result = await live.writeSets(destroyPayload(left))
    if (result.code === 0 || turn === 10) return result
    await sleep(20)
    const present = await live.readSets()
    left = left.filter((name) => present.has(name))
  }
}

function whereOf(step: WriteStep): string {
  switch (step.kind) {
    case 'sets':
      return `sets ${step.sets.map(({ name }) => name).join(', ')}`
    case 'destroy':
      return `sets ${step.names.join(', ')}`
    case 'table':
      return `table ${step.plan.table} (${step.family})`
  }
}

function lockedFailure(outcome: Outcome, isTouched: boolean): Failure {
  const state = isTouched ? 'tables before it were written' : 'nothing was written'
  return new Failure(`${outcome.where} stayed locked: ${outcome.words}; ${state}`, {
    code: 'FILTER_LOCKED',
    where: outcome.where,
    fix: 'find the process that holds /run/xtables.lock: fuser /run/xtables.lock',
    retry: 'soon',
  })
}

async function endFailure(
  live: LiveTables,
  before: LiveState,
  wanted: WantedState,
  outcome: Outcome,
  isTouched: boolean,
  deadline: number,
): Promise<Failure> {
  const isContested = outcome.verdict === 'changed'
  const detail: FailureDetail = {
    code: isContested ? 'FILTER_CONTESTED' : 'FILTER_FAILED',
    where: outcome.where,
    fix: isContested ? 'find the program that rewrites this table' : 'look at the kernel log of this node',
    retry: 'soon',
  }
  const reason = isContested
    ? `${outcome.where} changed under our hands ${maxAttempts} times: ${outcome.words}`
    : `${outcome.where} was not written: ${outcome.words}`
  if (!isTouched) return new Failure(`${reason}; nothing was written`, detail)
  return new Failure(`${reason}; ${await takeBack(live, before, wanted, deadline)}`, detail)
}

async function takeBack(live: LiveTables, before: LiveState, wanted: WantedState, deadline: number): Promise<string> {
  const added = new Set([...wanted.families.values()].flat().flatMap(({ chains }) => [...chains.keys()]))
  const families = live.families.map(
    (family) => [family, filterTables.map((table) => wantedAgain(liveTable(before, family, table)))] as const,
  )
  const again: WantedState = { families: new Map(families), sets: setsAgain(before.sets) }
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const steps = planSteps(await live.read(), again, (chain) => added.has(chain))
    const { verdict } = await runSteps(live, steps, Math.max(deadline, performance.now() + 5000))
    if (verdict === 'done') return 'the tables before it are again as they were'
    await sleep(20 * 2 ** attempt)
  }
  return 'the tables before it could not be taken back'
}
