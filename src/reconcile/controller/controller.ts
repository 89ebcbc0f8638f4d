import type { ClusterNetworkStatus } from '../../domain/cluster-record.ts'
import { Failure } from '../../domain/failure.ts'
import { textIn } from '../../domain/plain-json.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { LeaderTerm } from '../../ports/kube-objects-port.ts'
import type { WatchedClusterPort, WatchedPart } from '../../ports/watched-cluster-port.ts'
import { sha256Hex } from '../../text/digest.ts'
import { ClusterMemory } from '../cluster/cluster-memory.ts'
import { awaitSigningKey, isKeyFailure } from './await-signing-key.ts'
import { catchUp } from './catch-up.ts'
import { reconcileAnnotation, recordedStatus } from './cluster-record-object.ts'
import { readClusterUID } from './cluster-uid.ts'
import { ClusterCompiler } from './compile-cluster.ts'
import { ContentStore } from './content-store.ts'
import type { ControllerPorts, ControllerSettings, ControllerTarget } from './controller-ports.ts'
import { DesiredRevision } from './desired-revision.ts'
import { guardedObjects } from './guarded-objects.ts'
import { ensureNamespace, installKinds } from './install-kinds.ts'
import { type ControllerTroubles, LeaderTurn } from './leader-turn.ts'
import { type OwnPart, type OwnStores, openOwnStores } from './own-stores.ts'
import { isRefusedAsOld } from './plan-publication.ts'
import { ProgramWriter } from './program-writer.ts'
import { PublicationPace } from './publication-pace.ts'
import { PublishedPrograms } from './published-programs.ts'
import { SequenceSource } from './sequence-source.ts'
import { openSigningKey } from './signing-key.ts'
import { SteadyNodes } from './steady-nodes.ts'
import { newTurnState } from './turn-context.ts'

/** What a controller tells of itself. */
export interface ControllerState extends ControllerTroubles {
  readonly leads: boolean
  /** It leads and has written everything once, or does not lead and sees the cluster. */
  readonly isReady: boolean
  /** The record of the cluster as it was written last, here or by the leader. */
  readonly record: ClusterNetworkStatus | undefined
}

/**
 * The controller of a cluster. Watches are open whether it leads or not; only the leader writes. What another part changes
 * wakes the targets that depend on it, and an interval guarantees the rest.
 */
export class Controller {
  readonly #settings: ControllerSettings
  readonly #ports: ControllerPorts
  /** What tells that a program is to be looked at, and not only what its agent says: by key, what was told last. */
  readonly #lastSpecs = new Map<string, string>()
  readonly #steady: SteadyNodes
  #turn: LeaderTurn | undefined
  /** Once the server has our kinds. */
  #own: OwnStores | undefined
  /** Why this controller may not lead. */
  #keyFailure: Failure | undefined
  #reconcileAsked = ''

  constructor(settings: ControllerSettings, ports: ControllerPorts) {
    this.#settings = settings
    this.#ports = ports
    this.#steady = new SteadyNodes(settings.goneAfterMs)
  }

  state(): ControllerState {
    const leads = this.#turn !== undefined
    const record = recordedStatus(this.#own?.record(this.#settings.cluster))
    const isStandby = this.#own !== undefined && this.#keyFailure === undefined
    const troubles = this.#turn?.troubles() ?? { failures: this.#keyFailure === undefined ? [] : [this.#keyFailure] }
    return { leads, isReady: this.#turn?.isReady() ?? isStandby, record, ...troubles }
  }

  /** Looks at the repository now; a controller that does not lead leaves that to the one that does. */
  trigger(reason: string): void {
    this.#turn?.hint('source', reason)
  }

  /** Runs until `signal`; the lead is given away as the last thing. @throws Failure that no waiting mends */
  async run(signal: AbortSignal): Promise<void> {
    const ports = this.#ports
    const world = ports.watchCluster((part) => this.#worldChanged(part), signal)
    const own = openOwnStores(ports.objects, ports.clock, (part, keys) => this.#ownChanged(part, keys, own), signal)
    own.then(
      (opened) => {
        this.#own = opened
      },
      () => undefined,
    )
    const { resync } = this.#settings
    const endResync =
      resync === undefined
        ? undefined
        : ports.clock.schedule(resync.schedule, resync.timeZone, () => this.#turn?.hint('source', 'resync'))
    try {
      await ensureNamespace(ports, signal)
      while (!signal.aborted) {
        const told = (failure: Failure | undefined): void => {
          this.#keyFailure = failure
        }
        await awaitSigningKey(this.#settings.signingKey, ports, told, signal)
        await ports.leader.campaign((term) => this.#lead(term, world, own), signal)
      }
    } finally {
      endResync?.()
    }
  }

  async #lead(term: LeaderTerm, world: WatchedClusterPort, stores: Promise<OwnStores>): Promise<void> {
    const { log, metrics, clock } = this.#ports
    log.info({ term: term.number }, 'this controller leads')
    metrics.leads(true)
    try {
      for (let attempt = 0; !term.signal.aborted; attempt += 1) {
        try {
          const turn = await this.#begin(term, world, stores)
          this.#turn = turn
          await turn.run()
          return
        } catch (error) {
          if (term.signal.aborted) return
          if (!(error instanceof Failure) || error.detail.retry === 'never') throw error
          const { code, where, fix } = error.detail
          log.warn({ code, where, fix }, error.message)
          // Another controller may have the key: the lead is for it.
          if (isKeyFailure(error)) return
          await clock.sleep(Math.min(30_000, 1_000 * 2 ** Math.min(attempt, 5)), term.signal)
        }
      }
    } finally {
      this.#turn = undefined
      metrics.leads(false)
      log.info({ term: term.number }, 'this controller leads no more')
    }
  }

  async #begin(term: LeaderTerm, world: WatchedClusterPort, stores: Promise<OwnStores>): Promise<LeaderTurn> {
    const { clock, git, log, openInventory } = this.#ports
    const { signal } = term
    const objects = guardedObjects(this.#ports.objects, term)
    await installKinds(this.#settings.version, objects, clock, log, signal)
    const [key, clusterUID] = await Promise.all([
      openSigningKey(this.#settings.signingKey, objects, signal),
      readClusterUID(objects, signal),
    ])
    const own = await ended(Promise.all([stores, world.ready]), signal).then(([opened]) => opened)
    const published = new PublishedPrograms(own.programs, () => clock.monotonicMs())
    await catchUp(own, published, objects, signal)
    const sequence = new SequenceSource(() => clock.nowMs())
    for (const record of published.all().values()) sequence.seen(record.sequence)
    const contents = new ContentStore(objects, own.contents)
    const writer = new ProgramWriter({ objects, published, contents, key, sequence, clusterUID })
    const desired = new DesiredRevision(new ClusterCompiler(git, clock, this.#settings.cluster))
    return new LeaderTurn(
      {
        settings: this.#settings,
        ports: this.#ports,
        objects,
        world,
        steady: this.#steady,
        pace: new PublicationPace(),
        own,
        writer,
        contents,
        published,
        desired,
        inventory: openInventory(objects),
        memory: new ClusterMemory(),
        keyId: key.keyId,
        clusterUID,
        state: newTurnState(),
      },
      signal,
    )
  }

  #worldChanged(part: WatchedPart): void {
    // Services decide what is worth a warning, and no program: the interval looks at them.
    if (part === 'nodes') this.#hint('nodes changed', 'publish', 'permits')
    if (part !== 'objects') this.#hint(`${part} changed`, 'cluster')
  }

  #ownChanged(part: OwnPart, keys: readonly string[], stores: Promise<OwnStores>): void {
    switch (part) {
      case 'programs':
        void stores.then((own) => this.#programsChanged(keys, own))
        return
      case 'contents':
        this.#hint('contents changed', 'publish')
        return
      case 'access':
        this.#hint('roles changed', 'access')
        return
      case 'record':
        void stores.then((own) => this.#recordChanged(keys, own))
        return
      default:
        unreachable(part)
    }
  }

  #programsChanged(keys: readonly string[], { programs }: OwnStores): void {
    const changed = keys.filter((key) => {
      const record = programs.get(key)
      const spec = record === undefined ? '' : shortHash([record.envelope, record.packedHash, isRefusedAsOld(record)])
      const isSame = this.#lastSpecs.get(key) === spec
      if (record === undefined) this.#lastSpecs.delete(key)
      else this.#lastSpecs.set(key, spec)
      return !isSame
    })
    if (changed.length > 0) this.#hint('programs changed', 'publish')
    this.#hint('an agent told of itself', 'permits', 'record')
  }

  #recordChanged(keys: readonly string[], own: OwnStores): void {
    for (const key of keys) {
      const { annotations } = own.record(key.slice(key.indexOf('/') + 1))?.metadata ?? {}
      const asked = textIn(annotations?.[reconcileAnnotation]) ?? ''
      if (asked !== '' && asked !== this.#reconcileAsked) this.#hint('asked for', 'source')
      this.#reconcileAsked = asked
    }
    this.#hint('record changed', 'record')
  }

  #hint(reason: string, ...targets: readonly ControllerTarget[]): void {
    for (const target of targets) this.#turn?.hint(target, reason)
  }
}

function shortHash(value: unknown): string {
  return sha256Hex(JSON.stringify(value)).slice(0, 32)
}

/** @throws the reason of `signal` */
async function ended<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
