import { readdirSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import type { StatusSnapshot } from '../../../src/domain/status.ts'
import { networkOf } from '../../../src/reconcile/network/converge-network.ts'
import { parseNodeProgram } from '../../../src/schema/program/node-program.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { nodeProgram, type TestAgent } from '../../lab/agent-in-namespace.ts'
import { foreignLines } from '../../netns/observe.ts'
import { kernelPicture, type Mirror } from './kernel-picture.ts'
import type { KillNode } from './kill-node.ts'
import type { KillPlan } from './kill-plan.ts'
import { confirmTimeoutMs, killProgram } from './kill-programs.ts'
import type { ManagementWatch } from './management-watch.ts'
import { commandOf, descendants, killAll, ownProcesses } from './own-processes.ts'

/** One node with its agent, which goes from trial to trial. */
export interface KillLane {
  readonly node: KillNode
  readonly agent: TestAgent
  readonly mirror: Mirror
  readonly watch: ManagementWatch
  /** What is in force when the next trial begins. */
  inForce: NetworkProgram
}

export interface KillReport {
  readonly plan: KillPlan
  readonly phaseAtKill: string
  readonly ended: 'old' | 'new'
  /** From the kill to the first connection of the management client. */
  readonly answeredMs: number
  /** From the kill to the end of the trial: the program is tried once more meanwhile. */
  readonly longestSilenceMs: number
  readonly tookMs: number
}

/** A look at the clock and a few processes more than the agent's own limit. */
const slackMs = 1_500
const patienceMs = 45_000

/** @throws Error with what did not hold */
export async function runKillTrial(lane: KillLane, plan: KillPlan): Promise<KillReport> {
  const { node, agent, mirror, watch } = lane
  const began = performance.now()
  const [old, next] = [lane.inForce, await killProgram(plan.kind, plan.trial, node.variant)]
  const pictures = { old: await mirror.pictureOf(old), new: await mirror.pictureOf(next) }
  expectSame('before the trial', await kernelPicture(node.lab(), 'n', node.variant), pictures.old)
  let foreign = await foreignLines(node.lab(), 'n')
  const checkpointsBefore = newestCheckpoint(agent)

  agent.write(next)
  await untilMoment(agent, plan, checkpointsBefore)
  const phaseAtKill = phaseOf(agent, checkpointsBefore)
  const killedAt = performance.now()
  await kill(lane, plan)
  const phaseLeft = phaseOf(agent, checkpointsBefore)
  if (plan.reboots) {
    await node.powerOff()
    await node.powerOn()
    await node.runBootScript()
    await node.startK3s()
    foreign = await foreignLines(node.lab(), 'n')
  }
  await sleep(plan.restartMs)
  const startedAtEpochMs = Date.now()
  agent.start()
  const ended = await untilDecided(agent, { old, next, startedAtEpochMs })
  await watch.nextAnswer(confirmTimeoutMs)

  const answeredMs = watch.answeredAfterMs(killedAt) ?? Number.POSITIVE_INFINITY
  const longestSilenceMs = watch.longestSilenceMs(killedAt)
  const limit = confirmTimeoutMs + slackMs
  if (answeredMs > limit) throw new Error(`management answered ${Math.round(answeredMs)} ms after the kill`)
  if (longestSilenceMs > limit) throw new Error(`management was silent for ${Math.round(longestSilenceMs)} ms`)
  if (plan.reboots && isOpen(phaseLeft) && ended === 'new')
    throw new Error('a change survived a restart of the machine')
  expectSame(`the ${ended} program`, await kernelPicture(node.lab(), 'n', node.variant), pictures[ended])
  expectSame('rules of others', await foreignLines(node.lab(), 'n'), foreign)
  expectClosed(agent)
  await untilOnlyTheAgentRuns(lane)
  lane.inForce = ended === 'new' ? next : old
  return { plan, phaseAtKill, ended, answeredMs, longestSilenceMs, tookMs: performance.now() - began }
}

async function untilMoment(agent: TestAgent, { moment }: KillPlan, before: string): Promise<void> {
  const deadline = performance.now() + 8_000
  const order = ['prepared', 'armed', 'applying', 'probing']
  const isReached = (): boolean =>
    moment.after === 'written' || order.indexOf(phaseOf(agent, before)) >= order.indexOf(moment.after)
  // One that is confirmed or taken back already is past it as well.
  while (
    !isReached() &&
    !['confirmed', 'rolled-back'].includes(phaseOf(agent, before)) &&
    performance.now() < deadline
  ) {
    await sleep(1)
  }
  await sleep(moment.offsetMs)
}

async function kill({ node, agent }: KillLane, { everything, reboots }: KillPlan): Promise<void> {
  const pid = agent.pid()
  // Nobody is spared when the machine goes down.
  if (everything === 'no' && !reboots) return agent.stop('SIGKILL')
  const all = async (): Promise<readonly number[]> =>
    (await ownProcesses(node.lab(), 'n', pid)).filter((one) => one !== pid)
  const others = await all()
  if (everything === 'agent last') killAll(others)
  await agent.stop('SIGKILL')
  for (let left = await all(); left.length > 0; left = await all()) {
    killAll(left)
    await sleep(5)
  }
}

export function newestCheckpoint({ stateDirectory }: TestAgent): string {
  try {
    return (
      readdirSync(`${stateDirectory}/checkpoint`)
        .filter((name) => /^\d+$/.test(name))
        .toSorted()
        .at(-1) ?? ''
    )
  } catch {
    return ''
  }
}

/** How far the checkpoint of this trial is; `none` before there is one. */
export function phaseOf(agent: TestAgent, before: string): string {
  const newest = newestCheckpoint(agent)
  if (newest === before) return 'none'
  const folder = `${agent.stateDirectory}/checkpoint/${newest}`
  const [outcome, decision] = [textOf(`${folder}/outcome`), textOf(`${folder}/decision`)]
  if (decision.startsWith('confirmed')) return 'confirmed'
  if (outcome !== '') return 'rolled-back'
  if (decision !== '') return 'rolling-back'
  return textOf(`${folder}/phase`).trim() || 'prepared'
}

/** Nobody had decided about it. One that a watchdog began to take back is tried once more afterwards. */
const isOpen = (phase: string): boolean => ['prepared', 'armed', 'applying', 'probing'].includes(phase)

async function untilDecided(
  agent: TestAgent,
  of: { readonly old: NetworkProgram; readonly next: NetworkProgram; readonly startedAtEpochMs: number },
): Promise<'old' | 'new'> {
  const digests = { old: digestOf(of.old), new: digestOf(of.next) }
  // An agent that starts first goes on with the program that it knew.
  const revision = `file@sha256:${sha256Hex(JSON.stringify(nodeProgram(of.next)))}`
  const decided = (status: StatusSnapshot): 'old' | 'new' | undefined => {
    if (status.attemptedRevision !== revision) return undefined
    const condition = status.conditions.find(({ type }) => type === 'KernelReady')
    if (condition?.reason === 'Applied' && status.network?.program === digests.new) return 'new'
    const isRefused =
      condition?.reason === 'RolledBack' &&
      condition.message.startsWith(`${revision} was taken back and is not tried again`)
    return isRefused && status.network?.program === digests.old ? 'old' : undefined
  }
  const isFresh = (): boolean => {
    try {
      return statSync(`${agent.stateDirectory}/status.json`).mtimeMs >= of.startedAtEpochMs
    } catch {
      return false
    }
  }
  const status = await agent.statusUntil((one) => isFresh() && decided(one) !== undefined, patienceMs)
  return decided(status) ?? 'old'
}

/** As the agent reads it from its file. */
export function digestOf(network: NetworkProgram): string {
  const parsed = parseNodeProgram(JSON.stringify(nodeProgram(network)))
  if (!parsed.ok) throw new Error(`the agent would not take the program: ${parsed.error.join('; ')}`)
  const revision = { name: '', commit: '', author: '', subject: '', committedAt: '' }
  return networkOf({ program: parsed.value, revision }).digest
}

function expectClosed({ stateDirectory }: TestAgent): void {
  const folder = `${stateDirectory}/checkpoint`
  for (const name of readdirSync(folder)) {
    if (!/^\d+$/.test(name)) throw new Error(`left in the folder of checkpoints: ${name}`)
    const [outcome, decision] = [textOf(`${folder}/${name}/outcome`), textOf(`${folder}/${name}/decision`)]
    if (outcome === '' && !decision.startsWith('confirmed')) throw new Error(`checkpoint ${name} is still open`)
    if (outcome.startsWith('failed')) throw new Error(`the way back of checkpoint ${name} failed`)
  }
}

/** Watchdogs, monitors and tools of the agent that was killed are gone; those of the one that runs are its children. */
async function untilOnlyTheAgentRuns({ node, agent }: KillLane): Promise<void> {
  const deadline = performance.now() + 5_000
  for (;;) {
    await causeEvents(node)
    const family = new Set(descendants(agent.pid()))
    const strays = (await ownProcesses(node.lab(), 'n', agent.pid())).filter((pid) => !family.has(pid))
    const named = strays.map((pid) => commandOf(pid)).filter((command) => command !== '')
    if (named.length === 0) return
    if (performance.now() > deadline) throw new Error(`still running: ${named.join(' | ')}`)
    await sleep(100)
  }
}

/** A monitor whose reader is gone learns of it when it has something to say. */
async function causeEvents(node: KillNode): Promise<void> {
  const script = `ip addr add 198.51.100.254/32 dev lo; ip addr del 198.51.100.254/32 dev lo
nft add table inet lab_probe; nft delete table inet lab_probe`
  await node.lab().x('n', ['/bin/sh', '-c', script])
}

export function expectSame(what: string, found: string, wanted: string): void {
  if (found === wanted) return
  const [has, needs] = [found.split('\n'), wanted.split('\n')]
  const extra = has.filter((line) => !needs.includes(line))
  const missing = needs.filter((line) => !has.includes(line))
  const told = extra.length + missing.length === 0 ? ['the order of lines'] : []
  const differing = [...told, ...missing.map((line) => `- ${line}`), ...extra.map((line) => `+ ${line}`)]
  throw new Error(`${what} is not as it should be:\n${differing.slice(0, 40).join('\n')}`)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
