import { readdirSync, readFileSync } from 'node:fs'
import { rollbackReasons } from '../../domain/rollback-reason.ts'
import type { Checkpoint, CheckpointPhase } from '../../ports/checkpoint-port.ts'
import type { ProcessIdentity } from './boot-clock.ts'
import { errnoOf } from './durable-file.ts'

/** `plan.json`: what is known before the change and never written again. */
export interface StoredPlan {
  readonly checkpoint: Omit<Checkpoint, 'phase' | 'reason'>
  /** Who armed it: a process, or nothing when `/proc` did not tell. */
  readonly owner: ProcessIdentity
  readonly bootId: string
}

/** `armed.json`: on the boot clock, and who watches. */
export interface Armed {
  readonly armedAtMs: number
  readonly deadlineMs: number
  readonly watchdogs: readonly ProcessIdentity[]
  /** Transient timer of systemd, where it runs. */
  readonly unit?: string
}

export interface StoredCheckpoint {
  readonly checkpoint: Checkpoint
  readonly plan: StoredPlan
  readonly armed: Armed | undefined
}

const folderName = /^[0-9]{6,12}$/

export function folderOf(id: number): string {
  return String(id).padStart(6, '0')
}

/** Numbers of all checkpoints that are there whole, lowest first. A missing folder has none. */
export function checkpointNumbers(directory: string): number[] {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return []
    throw cause
  }
  return names
    .filter((name) => folderName.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

/**
 * A checkpoint as its folder tells it. `phase` is the agent's word; `decision` and `outcome`, which watchdogs write as
 * well, go before it.
 *
 * @returns undefined for a folder that is gone or damaged
 */
export function readCheckpoint(directory: string, number: number): StoredCheckpoint | undefined {
  const folder = `${directory}/${folderOf(number)}`
  const plan = parse<StoredPlan>(read(`${folder}/plan.json`))
  if (plan === undefined) return undefined
  const armed = parse<Armed>(read(`${folder}/armed.json`))
  const decision = read(`${folder}/decision`)?.trim()
  const outcome = read(`${folder}/outcome`)?.trim()
  const phase = phaseOf(read(`${folder}/phase`)?.trim(), decision, outcome)
  const reason = decision === undefined || phase === 'confirmed' ? undefined : reasonOf(decision)
  return {
    plan,
    armed,
    checkpoint: {
      ...plan.checkpoint,
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(outcome === 'failed' ? { rollbackFailed: true as const } : {}),
    },
  }
}

export function hasEnded({ phase }: Pick<Checkpoint, 'phase'>): boolean {
  return phase === 'confirmed' || phase === 'rolled-back'
}

/** First word of `decision`; the rest of the line is the reason. */
export const decisionWords = { confirmed: 'confirmed', rolledBack: 'rolled-back' } as const

function phaseOf(
  phase: string | undefined,
  decision: string | undefined,
  outcome: string | undefined,
): CheckpointPhase {
  if (decision === decisionWords.confirmed) return 'confirmed'
  // A full disk can take the decision away from a rollback, and not its outcome, or the other way round.
  if (outcome !== undefined) return 'rolled-back'
  if (decision !== undefined) return 'rolling-back'
  return phase === 'armed' || phase === 'applying' || phase === 'probing' ? phase : 'prepared'
}

function reasonOf(decision: string): string {
  const words = `${decisionWords.rolledBack} `
  return decision.startsWith(words) ? decision.slice(words.length) : rollbackReasons.agentDied
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR') return undefined
    throw cause
  }
}

/** These files are written whole or not at all, by this code; one that does not parse was damaged by the disk. */
function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}
