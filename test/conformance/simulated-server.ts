import { gunzipSync, gzipSync } from 'node:zlib'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import type { AppliedCodec } from '../../src/plan/deploy/applied-annotation.ts'
import type { DeployEvent } from '../../src/plan/deploy/deploy-event.ts'
import { deployPass, type PassOutcome } from '../../src/plan/deploy/deploy-pass.ts'
import { type DeployRules, deployRules } from '../../src/plan/deploy/deploy-rules.ts'
import type { DeployAnswer, DeployAsk } from '../../src/plan/deploy/deploy-steps.ts'
import { type DeployMemory, freshMemory } from '../../src/plan/deploy/file-gates.ts'
import { faithful, type Safeguards } from '../../src/plan/deploy/safeguards.ts'
import type { KnownKinds } from '../../src/plan/deploy/served-kinds.ts'
import { MapApi } from './map-api.ts'
import { MapDisk } from './map-disk.ts'

export const zlibCodec: AppliedCodec = {
  compress: (text) => gzipSync(text),
  decompress: (bytes) => gunzipSync(bytes).toString('utf8'),
}

/** A server with the deploy engine in it: a directory, an API, and what a process remembers until it restarts. */
export class SimulatedServer {
  readonly disk = new MapDisk()
  readonly api: MapApi
  readonly events: DeployEvent[] = []
  readonly rules: DeployRules
  readonly #safeguards: Safeguards
  #disabled: readonly string[]
  #memory: DeployMemory = freshMemory
  #known: KnownKinds = new Map()

  constructor({
    version = 'v1.36.3+k3s1',
    disabled = [],
    safeguards = faithful,
    helm = 'none',
  }: {
    readonly version?: string
    readonly disabled?: readonly string[]
    readonly safeguards?: Safeguards
    readonly helm?: 'none' | 'stuck'
  } = {}) {
    const parsed = parseK3sVersion(version)
    if (parsed === undefined) throw new Error(`${version} is no release`)
    this.rules = deployRules(parsed)
    this.api = new MapApi({ helm })
    this.#disabled = disabled
    this.#safeguards = safeguards
  }

  get forced(): boolean {
    return this.#memory.forced
  }

  restart(disabled: readonly string[] = this.#disabled): void {
    this.#disabled = disabled
    this.#memory = freshMemory
    this.#known = new Map()
  }

  pass(): PassOutcome {
    const steps = deployPass({
      tree: this.disk.tree(),
      disabled: this.#disabled,
      memory: this.#memory,
      scope: 'all',
      known: this.#known,
      rules: this.rules,
      safeguards: this.#safeguards,
      codec: zlibCodec,
    })
    let turn = steps.next()
    while (turn.done !== true) turn = steps.next(this.#answer(turn.value))
    this.#memory = turn.value.memory
    return turn.value
  }

  /** Reasons of the Events since the last call. */
  takeReasons(): readonly string[] {
    return this.events.splice(0).map(({ reason, addon }) => `${reason} ${addon.name}`)
  }

  #answer(ask: DeployAsk): DeployAnswer {
    switch (ask.kind) {
      case 'read-file': {
        const content = this.disk.read(ask.path)
        return typeof content === 'string' ? { kind: 'file-error', message: content } : { kind: 'file', bytes: content }
      }
      case 'remove-file': {
        const message = this.disk.remove(ask.path)
        return message === undefined ? { kind: 'done' } : { kind: 'file-error', message }
      }
      case 'discover': {
        const served = this.api.discover(ask.groupVersion, ask.name)
        return 'ok' in served ? { kind: 'refused', refusal: served } : { kind: 'served', served }
      }
      case 'requests':
        return { kind: 'answers', answers: ask.requests.map((request) => this.api.answer(request)) }
      case 'event':
        this.events.push(ask.event)
        return { kind: 'done' }
      case 'turn':
        return { kind: 'done' }
    }
  }
}
