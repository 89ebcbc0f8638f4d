import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import type { InverseStep } from '../../domain/inverse.ts'
import { rollbackReasons } from '../../domain/rollback-reason.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { lives, type ProcessIdentity } from './boot-clock.ts'
import { checkpointFailure } from './checkpoint-failure.ts'
import { decisionWords, folderOf, type StoredPlan } from './checkpoint-folder.ts'
import { errnoOf, syncDirectory, writeNew } from './durable-file.ts'
import { printRollback, type ShellPrograms } from './print-rollback.ts'
import { printWatchdog } from './print-watchdog.ts'

export interface Preparation {
  readonly directory: string
  readonly number: number
  readonly plan: StoredPlan
  readonly steps: readonly InverseStep[]
  readonly seconds: number
  readonly programs: ShellPrograms
  readonly environment: Readonly<Record<string, string>>
  /** Path of the script for when the steps fail; a copy is kept, so that an upgrade does not change it half way. */
  readonly emergency: string | undefined
  /** How the programs are marked that the change is made with. */
  readonly mark?: string | undefined
}

const ways = ['deadline', 'agent-died', 'boot', 'asked', 'again'] as const
const reasonOfWay: Readonly<Record<(typeof ways)[number], string>> = {
  deadline: rollbackReasons.deadline,
  'agent-died': rollbackReasons.agentDied,
  boot: rollbackReasons.boot,
  asked: rollbackReasons.asked,
  again: rollbackReasons.agentDied,
}

/**
 * Writes a whole checkpoint beside its place, has the shell read its scripts, and renames it into place: from then on it
 * is there with everything it needs. Two that do so at once cannot both get the number.
 *
 * @throws Failure CHECKPOINT_BUSY, CHECKPOINT_FAILED
 */
export async function prepareCheckpoint(preparation: Preparation, commands: CommandPort): Promise<void> {
  const { directory, number, plan } = preparation
  const place = `${directory}/${folderOf(number)}`
  const { pid, startTicks } = plan.owner
  const sibling = `${directory}/.new-${pid}-${startTicks}-${randomBytes(4).toString('hex')}`
  try {
    await writeFolder(sibling, place, preparation)
    for (const script of ['rollback.sh', 'watchdog.sh']) {
      await requireReadable(commands, preparation.programs.sh, `${sibling}/${script}`)
    }
    renameSync(sibling, place)
  } catch (cause) {
    rmSync(sibling, { recursive: true, force: true })
    const errno = errnoOf(cause)
    if (errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw cause
    throw checkpointFailure('CHECKPOINT_BUSY', 'another change of this node began a moment ago', place, { cause })
  }
  await syncDirectory(directory)
}

async function writeFolder(sibling: string, place: string, preparation: Preparation): Promise<void> {
  const { plan, steps, programs, seconds, environment, emergency, mark } = preparation
  const { script, payloads } = printRollback({
    id: plan.checkpoint.id,
    directory: place,
    steps,
    programs,
    environment,
    hasEmergency: emergency !== undefined,
    ...(mark === undefined ? {} : { writer: { ...plan.owner, mark } }),
  })
  const files: (readonly [string, string])[] = [
    ['plan.json', `${JSON.stringify(plan, undefined, 2)}\n`],
    ['phase', 'prepared\n'],
    ['boot', `${plan.bootId}\n`],
    ['rollback.sh', script],
    ['watchdog.sh', printWatchdog({ directory: place, seconds, programs })],
    ['decisions/confirmed', `${decisionWords.confirmed}\n`],
    ['decisions/done', 'done\n'],
    ['decisions/failed', 'failed\n'],
    ...ways.map((way) => [`decisions/${way}`, `${decisionWords.rolledBack} ${reasonOfWay[way]}\n`] as const),
    ...[...payloads].map(([name, text]) => [`inverse/${name}`, text] as const),
  ]
  if (emergency !== undefined) files.push(['emergency.sh', readFileSync(emergency, 'utf8')])
  for (const folder of ['', '/decisions', '/inverse']) mkdirSync(`${sibling}${folder}`, { mode: 0o700 })
  for (const [name, text] of files) await writeNew(`${sibling}/${name}`, text)
  for (const folder of ['/decisions', '/inverse', '']) await syncDirectory(`${sibling}${folder}`)
}

async function requireReadable(commands: CommandPort, sh: string, script: string): Promise<void> {
  const { code, stderr, failed } = await commands.run([sh, '-n', script])
  if (code === 0) return
  throw checkpointFailure('CHECKPOINT_FAILED', `${sh} does not read the way back: ${failed ?? stderr.trim()}`, script, {
    fix: 'report it with the plan; nothing was changed',
  })
}

/**
 * Makes the folder of all checkpoints. What stands in it is run by root: nobody else may write there.
 * @throws Failure CHECKPOINT_FAILED
 */
export function openCheckpointFolder(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(directory)
  if ((uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0) return
  throw checkpointFailure('CHECKPOINT_FAILED', `${directory} may be written to by others`, directory, {
    fix: `look at what others put there, then: chown root ${directory} && chmod 0700 ${directory}`,
  })
}

/** Takes away what ended long ago, and what was being written when its process was killed. */
export function removeOldCheckpoints(directory: string, numbers: readonly number[]): void {
  for (const number of numbers) rmSync(`${directory}/${folderOf(number)}`, { recursive: true, force: true })
  for (const name of readdirSync(directory)) {
    const owner = /^\.new-([0-9]+)-([0-9]+)-/.exec(name)
    if (owner === null) continue
    const identity: ProcessIdentity = { pid: Number(owner[1]), startTicks: owner[2] ?? '' }
    if (!lives(identity)) rmSync(`${directory}/${name}`, { recursive: true, force: true })
  }
}
