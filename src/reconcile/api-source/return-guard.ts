import type { FileArtefact } from '../../domain/artefact.ts'
import { Failure } from '../../domain/failure.ts'
import type { Condition } from '../../domain/verdict.ts'
import { manifestName } from '../../k3s/locations.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { K3sProcessPort } from '../../ports/k3s-process-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { NodeFilesPort } from '../../ports/node-files-port.ts'
import type { NodeStatePort } from '../../ports/node-state-port.ts'
import type { ProgramCachePort } from '../../ports/program-cache-port.ts'
import type { ToldPass } from '../program-source.ts'
import type { Heard } from './heard.ts'
import { hiddenCondition } from './hidden-condition.ts'

export interface ReturnGuardPorts {
  readonly files: Pick<NodeFilesPort, 'observeFile' | 'writeFile' | 'removeFile'>
  readonly state: Pick<NodeStatePort, 'readLastGood' | 'readInventory' | 'readAdoption' | 'readSuspension'>
  readonly k3s: K3sProcessPort
  readonly cache: Pick<ProgramCachePort, 'readMarkers' | 'writeMarkers'>
  readonly clock: ClockPort
  readonly log: LogPort
  /** Told when something is shown again. */
  readonly changed: () => void
}

/** So long a K3s that is about to start is kept waiting for the current program; milliseconds. */
export const returnPatienceMs = 10_000

/**
 * A server that was away has manifests of the day it went, and K3s applies every file of its directory by force when it
 * starts, whatever the cluster has become meanwhile. So before K3s starts, ours are hidden behind `<name>.skip`, and shown
 * again as soon as they are what the current program says; or what the last good one says, once the API was heard and
 * nobody takes another one: because its answer is refused, or because Fairlead is suspended.
 *
 * @see k3s-packaged-components §2.1 (force at start), §2.2 and §2.3 (`.skip`), §2.11 (several servers)
 */
export class ReturnGuard {
  readonly #ports: ReturnGuardPorts
  readonly #settled = Promise.withResolvers<void>()
  #markers: readonly string[] = []
  #hasHidden = false
  #heard: Heard | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(ports: ReturnGuardPorts) {
    this.#ports = ports
  }

  /** Resolves once K3s may start: nothing is hidden any more, or the patience is over and it stays hidden. */
  get settled(): Promise<void> {
    return this.#settled.promise
  }

  /**
   * Before anything else is done on the machine.
   * @param hasOthers other servers of this cluster may have gone on without this one
   */
  async begin(hasOthers: boolean, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports
    try {
      this.#markers = await this.#ports.cache.readMarkers()
      if (hasOthers && (await this.#isAboutToStart())) await this.#hide()
    } catch (error) {
      // A disk that refuses is told by every pass; an agent that does not start would guard nothing at all.
      if (!(error instanceof Failure)) throw error
      const { code, where, fix } = error.detail
      log.error({ code, where, fix }, `manifests that may be old cannot be hidden from K3s: ${error.message}`)
    }
    if (this.#markers.length === 0) {
      this.#settled.resolve()
      return
    }
    log.warn({ markers: this.#markers }, 'manifests of ours are hidden from K3s until the current program is here')
    void clock.sleep(returnPatienceMs, signal).then(() => this.#settled.resolve())
  }

  /** @param heard what the API itself told this process; undefined while only an old program is known */
  passed(pass: ToldPass, heard: Heard | undefined): void {
    this.#heard = heard
    if (this.#markers.length === 0 || heard === undefined) return
    this.#work = this.#work.then(async () => {
      if (await this.#mayShow(pass, heard)) await this.#show(pass)
    })
  }

  /** `ManifestsHidden`, from the first time on that something is. */
  conditions(): readonly Condition[] {
    this.#hasHidden ||= this.#markers.length > 0
    return this.#hasHidden ? [hiddenCondition(this.#markers, this.#heard)] : []
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#work
  }

  async #isAboutToStart(): Promise<boolean> {
    const { k3s, state } = this.#ports
    if ((await k3s.current()) !== undefined || !(await k3s.isInstalled())) return false
    // Where nothing may be written, or nothing is read from the controller, nothing is hidden either.
    return (await state.readAdoption()) !== undefined && (await state.readSuspension()) === undefined
  }

  async #hide(): Promise<void> {
    const { state, files, cache } = this.#ports
    const lastGood = await state.readLastGood()
    const inventory = await state.readInventory()
    const written = [...inventory.entries.values()].filter((entry) => entry.class === 'program')
    const paths = [...(lastGood?.program.files ?? []).map(pathOf), ...written.map(({ id }) => id.slice('file:'.length))]
    const markers: string[] = []
    for (const path of new Set(paths.filter((one) => manifestName(one) !== undefined))) {
      const marker = `${path}.skip`
      const isThere = (await files.observeFile(path)) !== undefined
      // One that somebody else set is not ours to take away.
      if (isThere && (await files.observeFile(marker)) === undefined) markers.push(marker)
    }
    if (markers.length === 0) return
    this.#markers = [...new Set([...this.#markers, ...markers])].sort()
    await cache.writeMarkers(this.#markers)
    for (const marker of markers) await files.writeFile(marker, '', undefined)
  }

  async #mayShow({ snapshot, enforced }: ToldPass, heard: Heard): Promise<boolean> {
    // Nothing moves until somebody resumes, and that may be long.
    if (snapshot.suspended) return true
    const digest = enforced?.program.digest
    if (heard.kind === 'taken') return digest === heard.program
    return heard.kind === 'refused' && digest === (await this.#ports.state.readLastGood())?.program.digest
  }

  /** One by one: a file that cannot be written, or decrypted, is not yet what the program says. */
  async #show({ snapshot }: ToldPass): Promise<void> {
    const { files, cache, log, changed } = this.#ports
    const stale = new Set(snapshot.files.filter(({ state }) => !isInPlace(state)).map(({ path }) => path))
    const kept: string[] = []
    for (const marker of this.#markers) {
      if (stale.has(marker.slice(0, -'.skip'.length)) || !(await this.#remove(marker, files))) kept.push(marker)
    }
    if (kept.length < this.#markers.length) {
      this.#markers = kept
      await cache.writeMarkers(kept)
      log.info({ kept }, 'manifests of ours are shown to K3s again')
      changed()
    }
    if (kept.length === 0) this.#settled.resolve()
  }

  async #remove(marker: string, files: ReturnGuardPorts['files']): Promise<boolean> {
    try {
      const found = await files.observeFile(marker)
      if (found !== undefined) await files.removeFile(marker, found)
      return true
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#ports.log.warn({ code: error.detail.code, where: error.detail.where }, error.message)
      return false
    }
  }
}

function pathOf({ path }: FileArtefact): string {
  return path
}

/** What is being removed is empty by now. */
function isInPlace(state: ToldPass['snapshot']['files'][number]['state']): boolean {
  return state === 'Current' || state === 'Removing'
}

/** What tells whether a cluster has other servers. */
export interface ServerEvidence {
  /** API servers that the cluster named itself, on other machines; undefined where it never did. */
  readonly learned: readonly string[] | undefined
  /** Named by K3s's own files on this machine. */
  readonly configured: readonly string[]
  /** The data of an etcd member is here. */
  readonly hasEtcd: boolean
  /** `datastore-endpoint`. */
  readonly datastore: string | undefined
}

/** In doubt there are some: what is hidden for nothing is shown again as soon as the own API answers. */
export function mayHaveOthers({ learned, configured, hasEtcd, datastore }: ServerEvidence): boolean {
  if (learned !== undefined) return learned.length > 0 || configured.length > 0
  return configured.length > 0 || hasEtcd || (datastore !== undefined && !datastore.startsWith('sqlite'))
}
