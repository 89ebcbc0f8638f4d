import type { Cause } from '../../domain/change.ts'
import type { Failure } from '../../domain/failure.ts'
import type { RouteWrite } from '../../domain/host-routes.ts'
import type { NetworkChange } from '../../domain/network-change.ts'
import type { NetworkProgram } from '../../domain/network-program.ts'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import { routeId } from '../../domain/route-identity.ts'
import { lostAllRules, networkdDropIn } from '../../plan/routes/networkd-advice.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { writerName } from '../foreign-writer.ts'
import { applyKernelPlan } from './apply-kernel-plan.ts'
import { describeKernelPlan, type KernelPlan, planKernel } from './kernel-plan.ts'
import { readKernel } from './kernel-state.ts'
import type { NetworkMemory } from './network-memory.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'
import { networkVerdict } from './network-verdict.ts'

/**
 * What is polled looks, right after a repair that is undone at once, as it did before it: nothing would tell. A little
 * longer than the time between two polls.
 */
const afterFilterWriteMs = 2_100

/** Holds the kernel to a program that was confirmed, or is tried: drift is repaired, and nobody has to be asked. */
export async function enforceNetwork(
  wanted: ConfirmedNetwork,
  pass: NetworkPass,
  cause: Cause = 'Drift',
): Promise<NetworkOutcome> {
  const { ports, memory, signal, checkpoint } = pass
  const inventory = await ports.network.readInventory()
  const state = await readKernel(wanted.program, inventory, ports, signal)
  const plan = planKernel(wanted.program, state, inventory)
  const { due, postponedMs } = withoutFights(plan, pass)
  adviseOnce(wanted, plan, pass)
  const described = describeKernelPlan(due, cause)
  const beganMs = ports.clock.monotonicMs()
  const failures: Failure[] = [...state.failures]
  // Asked before our own writes are heard of.
  const writer = writerOf(due, memory)
  // A trial may be taken back: until it is confirmed nothing is forgotten of what stood before it.
  const isWhole = memory.trial === undefined && postponedMs === undefined && state.failures.length === 0
  const isTrial = memory.trial !== undefined
  failures.push(...(await applyKernelPlan(due, { inventory, isWhole, isTrial }, ports, signal)).failures)
  const applied = failures.length === 0 ? described.changes : []
  tell(applied, writer, pass)
  // What a revision brings is no fight.
  if (cause === 'Drift') note(due, writer, ports.clock.monotonicMs() - beganMs, pass)
  const contested = memory.fights.contested(ports.clock.monotonicMs())
  return {
    verdict: networkVerdict({
      failures,
      plan: described,
      contested,
      revisitAfterMs: postponedMs ?? (due.planes.length === 0 ? undefined : afterFilterWriteMs),
    }),
    plan: { ...describeKernelPlan(plan, cause), changes: failures.length === 0 ? [] : described.changes },
    applied,
    enforced: wanted,
    checkpoint,
    contested,
  }
}

/** systemd-networkd takes rules of others away whenever it starts, unless it is told not to. */
function adviseOnce({ program }: ConfirmedNetwork, { routes }: KernelPlan, { memory, ports }: NetworkPass): void {
  if (memory.advised || !lostAllRules(program?.routingRules ?? [], routes.drifts)) return
  memory.advised = true
  const { path, text } = networkdDropIn
  ports.log.warn(
    { file: path, content: text },
    'all routing rules went at once; systemd-networkd leaves them with this file',
  )
}

/** The part of a plan that may be carried out now: a fight with another writer is not carried on without end. */
function withoutFights(
  plan: KernelPlan,
  { memory, ports }: NetworkPass,
): { readonly due: KernelPlan; readonly postponedMs: number | undefined } {
  const nowMs = ports.clock.monotonicMs()
  const waits: number[] = []
  const isDue = (artefact: string): boolean => {
    const waitMs = memory.fights.waitFor(artefact, nowMs)
    if (waitMs > 0) waits.push(waitMs)
    return waitMs === 0
  }
  const due = {
    ...plan,
    planes: plan.planes.filter(({ plane }) => isDue(`packet filter (${plane})`)),
    additions: plan.additions.filter((write) => isDue(artefactOf(write))),
    removals: plan.removals.filter((write) => isDue(artefactOf(write))),
    sysctls: { ...plan.sysctls, writes: plan.sysctls.writes.filter(({ artefact }) => isDue(artefact.key)) },
  }
  return { due, postponedMs: waits.length === 0 ? undefined : Math.min(...waits) }
}

function tell(applied: readonly NetworkChange[], writer: string, { ports }: NetworkPass): void {
  for (const { what, kind, cause, id } of applied) {
    ports.metrics.changeApplied(kind, cause)
    if (cause === 'Drift') ports.log.info({ id, what, cause, writer }, 'drift repaired')
    else ports.log.info({ id, what, cause }, 'change applied')
  }
}

/** Remembers what was repaired, for when somebody undoes it again. */
function note(plan: KernelPlan, writer: string, tookMs: number, { memory, ports }: NetworkPass): void {
  const nowMs = ports.clock.monotonicMs()
  const repaired = (artefact: string, isProtected: boolean): void =>
    memory.fights.repaired({ artefact, isProtected, writer, tookMs }, nowMs)
  for (const { plane } of plan.planes) repaired(`packet filter (${plane})`, denies(plan.program))
  for (const write of [...plan.additions, ...plan.removals]) repaired(artefactOf(write), false)
  for (const { artefact } of plan.sysctls.writes) repaired(artefact.key, false)
}

/** The process that the kernel named, or whose lines stand there now. */
function writerOf({ planes }: KernelPlan, memory: NetworkMemory): string {
  return writerName(
    memory.writer,
    planes.flatMap(({ drifts }) => drifts.flatMap(({ found }) => found)),
  )
}

/** What denies is repaired for as long as somebody undoes it. */
function denies(program: NetworkProgram | undefined): boolean {
  const hasDeny = (filter: FilterProgram): boolean =>
    [...filter.v4.chains, ...filter.v6.chains].some(({ rules }) =>
      rules.some(({ action }) => action.kind === 'drop' || action.kind === 'reject'),
    )
  return program?.filter !== undefined && hasDeny(program.filter)
}

function artefactOf(write: RouteWrite): string {
  if (write.kind === 'add-rule') return write.rule.id
  if (write.kind === 'remove-rule') return `routing rule ${write.rule.priority}`
  return 'id' in write.route ? write.route.id : routeId(write.route)
}
