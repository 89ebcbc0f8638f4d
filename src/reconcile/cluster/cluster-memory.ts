import type { ArtefactId } from '../../domain/artefact.ts'
import { labelsId } from '../../domain/artefact.ts'
import type { ClusterInventoryEntry } from '../../domain/cluster-inventory.ts'
import type { ClusterObservation, ObservedNode, ObservedService } from '../../domain/cluster-observation.ts'
import { selectorText } from '../../k3s/servicelb/selector.ts'
import { triggerAnnotation } from '../../k3s/servicelb-labels.ts'
import type { ClusterStep } from '../../plan/cluster/cluster-step.ts'
import type { SelectorFinding } from '../../plan/cluster/stale-selectors.ts'
import type { LiveObject } from '../../ports/kube-objects-port.ts'
import { NetworkFights } from '../network-fights.ts'
import type { SkippedStep } from './skipped-step.ts'

/** Nobody knows who takes a label away: that leaves no trace. */
const unknownWriter = 'somebody'

/**
 * What one process knows besides the world: how long something has been so, who keeps undoing what, and its own writes
 * until the watches show them. Without it, after a restart, the same is done, a little later.
 */
export class ClusterMemory {
  readonly #fights = new NetworkFights()
  readonly #writers = new Map<ArtefactId, string>()
  readonly #told = new Set<ArtefactId>()
  readonly #refusals = new Map<ArtefactId, Refusal>()
  readonly #written = new Map<string, LiveObject>()
  readonly #deleted = new Set<string>()
  readonly #since = new Map<string, { readonly what: string; readonly atMs: number }>()

  /** Whoever undoes our repairs again and again is answered later each time: milliseconds from now, 0 for at once. */
  repairWaitMs(id: ArtefactId, nowMs: number): number {
    return this.#fights.waitFor(id, nowMs)
  }

  /** @param writers managers whose values were replaced; empty where there was no value */
  repaired(id: ArtefactId, writers: readonly string[], tookMs: number, nowMs: number): void {
    const writer = namesOf(writers)
    this.#writers.set(id, writer)
    this.#fights.repaired({ artefact: id, isProtected: false, writer, tookMs }, nowMs)
    for (const known of this.#writers.keys()) if (this.#fights.waitFor(known, nowMs) === 0) this.#writers.delete(known)
  }

  /** Who undid the last repair, in words. */
  writerOf(id: ArtefactId): string {
    return this.#writers.get(id) ?? unknownWriter
  }

  /** Somebody goes on undoing a repair, and nobody was told yet. */
  isNewlyContested(id: ArtefactId, nowMs: number): boolean {
    const contested = new Set<string>(this.#fights.contested(nowMs).map(({ artefact }) => artefact))
    for (const told of this.#told) if (!contested.has(told)) this.#told.delete(told)
    if (!contested.has(id) || this.#told.has(id)) return false
    this.#told.add(id)
    return true
  }

  /** This very step was refused: until the time is over it is not asked again, however often somebody looks. */
  refused(step: ClusterStep, skipped: SkippedStep, nowMs: number): void {
    this.#refusals.set(step.id, { what: askedFor(step), skipped, untilMs: nowMs + skipped.waitMs })
  }

  refusalOf(step: ClusterStep, nowMs: number): SkippedStep | undefined {
    const known = this.#refusals.get(step.id)
    if (known === undefined) return undefined
    const waitMs = known.untilMs - nowMs
    if (waitMs > 0 && known.what === askedFor(step)) return { ...known.skipped, waitMs }
    this.#refusals.delete(step.id)
    return undefined
  }

  /** @param live what the server answered to a write */
  wrote(live: LiveObject): void {
    this.#written.set(keyOf(live), live)
  }

  /** @param uid of a DaemonSet */
  deleted(uid: string): void {
    this.#deleted.add(uid)
  }

  /** The observation with our own writes that it does not show yet. */
  seen(observed: ClusterObservation): ClusterObservation {
    const nodes = this.#caughtUp('Node', observed.nodes)
    const services = this.#caughtUp('Service', observed.services)
    const daemonSets = this.#deleted.size === 0 ? observed.daemonSets : this.#remaining(observed.daemonSets)
    return { ...observed, nodes, services, daemonSets }
  }

  /** For how long each selector has been stale, or missing although it was asked for: by `namespace/name`. */
  staleForMs(
    findings: ReadonlyMap<string, SelectorFinding>,
    entries: ReadonlyMap<ArtefactId, ClusterInventoryEntry>,
    nowMs: number,
  ): ReadonlyMap<string, number> {
    const ages = new Map<string, number>()
    for (const [service, finding] of findings) {
      if (!finding.isStale && !isAwaited(service, finding, entries)) continue
      const { daemonSet, expected } = finding
      const what = `${daemonSet?.uid} ${selectorText(daemonSet?.nodeSelector ?? {})} ${selectorText(expected)}`
      const known = this.#since.get(service)
      const since = known?.what === what ? known : { what, atMs: nowMs }
      this.#since.set(service, since)
      ages.set(service, nowMs - since.atMs)
    }
    for (const service of this.#since.keys()) if (!ages.has(service)) this.#since.delete(service)
    return ages
  }

  #caughtUp<Observed extends ObservedNode | ObservedService>(
    kind: 'Node' | 'Service',
    observed: ReadonlyMap<string, Observed>,
  ): ReadonlyMap<string, Observed> {
    const newer = new Map<string, Observed>()
    for (const [key, live] of this.#written) {
      if (live.kind !== kind) continue
      const name = key.slice(kind.length + 1)
      const old = observed.get(name)
      const isBehind = old?.uid === live.metadata.uid && isOlder(old.resourceVersion, live.metadata.resourceVersion)
      if (!isBehind) this.#written.delete(key)
      else newer.set(name, withWrite(old, live))
    }
    return newer.size === 0 ? observed : new Map([...observed, ...newer])
  }

  #remaining(daemonSets: ClusterObservation['daemonSets']): ClusterObservation['daemonSets'] {
    const there = new Set(daemonSets.map(({ uid }) => uid))
    for (const uid of this.#deleted) if (!there.has(uid)) this.#deleted.delete(uid)
    return daemonSets.filter(({ uid }) => !this.#deleted.has(uid))
  }
}

interface Refusal {
  readonly what: string
  readonly skipped: SkippedStep
  readonly untilMs: number
}

function askedFor(step: ClusterStep): string {
  return JSON.stringify(step.kind === 'hold' ? [step.target.uid, step.fields] : step)
}

/** `"kubectl-label"`. */
export function namesOf(writers: readonly string[]): string {
  return writers.length === 0 ? unknownWriter : writers.map((name) => JSON.stringify(name)).join(', ')
}

function keyOf({ kind, metadata: { namespace, name } }: LiveObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

function withWrite<Observed extends ObservedNode | ObservedService>(old: Observed, { metadata }: LiveObject): Observed {
  const { labels = {}, annotations = {}, resourceVersion } = metadata
  return { ...old, labels, resourceVersion, ...('type' in old ? { annotations } : {}) }
}

/** Versions are numbers that grow; what is none is never older. */
function isOlder(version: string, than: string): boolean {
  return Number(version) < Number(than)
}

function isAwaited(
  service: string,
  { daemonSet }: SelectorFinding,
  entries: ReadonlyMap<ArtefactId, ClusterInventoryEntry>,
): boolean {
  if (daemonSet !== undefined) return false
  return entries.get(labelsId('service-labels', service))?.annotations[triggerAnnotation] !== undefined
}
