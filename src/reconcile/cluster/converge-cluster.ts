import type { ArtefactId } from '../../domain/artefact.ts'
import type { ClusterInventory } from '../../domain/cluster-inventory.ts'
import type { ClusterObservation } from '../../domain/cluster-observation.ts'
import type { ClusterProgram } from '../../domain/program.ts'
import type { ClusterPlanInput } from '../../plan/cluster/cluster-planning.ts'
import type { ClusterStep } from '../../plan/cluster/cluster-step.ts'
import { entriesAfter, entriesBefore } from '../../plan/cluster/inventory-changes.ts'
import { type ClusterPlan, planCluster, previewCluster } from '../../plan/cluster/plan-cluster.ts'
import { selectorFindings } from '../../plan/cluster/stale-selectors.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { ClusterInventoryPort } from '../../ports/cluster-inventory-port.ts'
import type { KubeEventsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { inParallel } from '../objects/in-parallel.ts'
import type { ClusterMemory } from './cluster-memory.ts'
import { type ClusterOutcome, outcomeOf, unadoptedOutcome } from './cluster-outcome.ts'
import { PassNotes } from './pass-notes.ts'
import { type StepObjects, takeStep } from './take-step.ts'

export interface ClusterPorts {
  readonly objects: StepObjects
  readonly inventory: ClusterInventoryPort
  readonly events: Pick<KubeEventsPort, 'record'>
  readonly log: LogPort
  readonly clock: Pick<ClockPort, 'monotonicMs'>
  /** The cluster as the watches show it now; only called once all of them are complete. Asked again after every stage. */
  observed(): ClusterObservation
  /** One for each process, kept between passes. */
  readonly memory: ClusterMemory
}

/** More stages than any program needs; what is left is done by the next pass. */
const mostStages = 16

/**
 * Makes the labels of nodes and Services what a ClusterProgram says, stage by stage, each planned from what is there after
 * the one before. What was ours and is wanted no more is taken away; values that ours replaced are put back. Without an
 * adoption nothing is written. An empty program gives everything back.
 *
 * @throws Failure when the API cannot be reached, or the inventory cannot be read or written: KUBE_STALE when somebody
 *   else wrote it meanwhile
 */
export async function convergeCluster(
  program: ClusterProgram,
  revision: string,
  ports: ClusterPorts,
  signal: AbortSignal,
): Promise<ClusterOutcome> {
  let inventory = await ports.inventory.read(signal)
  if (inventory.adoption?.cluster !== program.cluster) {
    return unadoptedOutcome(program, inventory, previewCluster(gather(program, inventory, ports)))
  }
  const notes = new PassNotes(ports)
  for (let stages = 0; stages < mostStages; stages += 1) {
    const plan = planCluster(gather(program, inventory, ports))
    const steps = firstOpenStage(plan, notes)
    if (steps.length === 0) {
      const { length: changes } = notes.done
      if (changes > 0) ports.log.info({ changes, revision }, 'labels of the cluster changed')
      return outcomeOf(program, inventory, plan, notes)
    }
    inventory = await takeStage(steps, revision, inventory, ports, notes, signal)
  }
  return outcomeOf(program, inventory, planCluster(gather(program, inventory, ports)), notes)
}

function gather(program: ClusterProgram, { entries }: ClusterInventory, ports: ClusterPorts): ClusterPlanInput {
  const { memory, clock } = ports
  const observed = memory.seen(ports.observed())
  const findings = selectorFindings(observed)
  return { program, observed, entries, findings, staleForMs: memory.staleForMs(findings, entries, clock.monotonicMs()) }
}

/** What failed in this pass, or has to wait, is no reason to hold up what comes after it. */
function firstOpenStage({ stages }: ClusterPlan, notes: PassNotes): readonly ClusterStep[] {
  for (const { steps } of stages) {
    const open = steps.filter((step) => notes.mayTake(step))
    if (open.length > 0) return open
  }
  return []
}

/** Written down, done, and written down again as far as something went. */
async function takeStage(
  steps: readonly ClusterStep[],
  revision: string,
  inventory: ClusterInventory,
  ports: ClusterPorts,
  notes: PassNotes,
  signal: AbortSignal,
): Promise<ClusterInventory> {
  const intended = await written(inventory, entriesBefore(inventory.entries, steps, revision), ports, signal)
  const outcomes = await inParallel(
    steps,
    async (step) => {
      const startedMs = ports.clock.monotonicMs()
      const outcome = await takeStep(step, inventory.entries.get(step.id), ports.objects, signal)
      notes.took(step, outcome, ports.clock.monotonicMs() - startedMs)
      return { step, outcome }
    },
    signal,
  )
  const done = outcomes.filter(({ outcome }) => outcome.kind === 'done').map(({ step }) => step)
  return await written(intended, entriesAfter(intended.entries, done), ports, signal)
}

async function written(
  inventory: ClusterInventory,
  entries: ReadonlyMap<
    ArtefactId,
    ClusterInventory['entries'] extends ReadonlyMap<ArtefactId, infer Entry> ? Entry : never
  >,
  { inventory: port }: ClusterPorts,
  signal: AbortSignal,
): Promise<ClusterInventory> {
  if (entries === inventory.entries) return inventory
  const next = { ...inventory, entries }
  await port.write(next, signal)
  return next
}
