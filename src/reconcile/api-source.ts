import { Failure } from '../domain/failure.ts'
import type { PublishedProgram } from '../domain/published-program.ts'
import type { Revision } from '../domain/revision.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { KubeObjectsPort, LiveObject } from '../ports/kube-objects-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { NodeApiPort } from '../ports/node-api-port.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import type { PermitPort } from '../ports/permit-port.ts'
import type { AcceptedProgram, ProgramCachePort } from '../ports/program-cache-port.ts'
import { contentsOf } from '../schema/program/unpack-program.ts'
import { keyIdOf } from '../text/program-signature.ts'
import type { Heard } from './api-source/heard.ts'
import { envelopeDigest, judgeEnvelope } from './api-source/judge-envelope.ts'
import { learnServers } from './api-source/learn-servers.ts'
import { NodeReport } from './api-source/node-report.ts'
import { PermitDesk } from './api-source/permit-desk.ts'
import { readEnvelope } from './api-source/read-envelope.ts'
import { trustedKeys } from './api-source/trusted-key.ts'
import { WatchedProgram } from './api-source/watched-program.ts'
import { gatherContents, wholeProgram } from './api-source/whole-program.ts'
import type { ProgramSource } from './program-source.ts'
import type { SourceState } from './source-state.ts'

export interface ApiSourceOptions {
  readonly node: string
  /** `--cluster`, for a machine that is not adopted yet. */
  readonly cluster: string | undefined
  /**
   * Where the keys of the controller are told, any of which counts: PEMs, read anew for each program. Undefined trusts the
   * first that is seen.
   */
  readonly controllerKeys: (() => Promise<readonly string[]>) | undefined
  readonly agentVersion: string
}

export interface ApiSourcePorts {
  readonly api: NodeApiPort
  readonly cache: ProgramCachePort
  readonly state: Pick<NodeStatePort, 'readAdoption' | 'readLastGood'>
  readonly clock: ClockPort
  readonly log: LogPort
  /** Told where the API servers are, whenever a program was taken. */
  readonly learned?: (servers: readonly string[]) => Promise<void>
}

export interface ApiSource extends ProgramSource {
  /** What the controller permits, and what this node asks for. */
  readonly permits: PermitPort
  /** What the API itself told this process; undefined while only an earlier program is known. */
  heard(): Heard | undefined
}

type Believed = Extract<SourceState, { kind: 'compiled' }>
type Refused = Extract<SourceState, { kind: 'refused' }>

/**
 * The program of this node as its controller publishes it in the Kubernetes API. Nothing of it is believed before its
 * envelope is signed by the trusted key and meant for this node of this cluster now; what was believed is kept on the disk,
 * so that a machine that starts without an API has it.
 */
export function apiSource(options: ApiSourceOptions, ports: ApiSourcePorts): ApiSource {
  const { node } = options
  const { cache, clock, log, api } = ports
  const watched = new WatchedProgram(node, api, clock)
  const desk = new PermitDesk(() => report.changed())
  const report = new NodeReport({ node, agentVersion: options.agentVersion, watched, desk }, ports)
  let accepted: AcceptedProgram | undefined
  let isCacheRead = false
  /** What the last look was about, so that the same is not looked at twice. */
  let seen = ''
  let heard: Heard | undefined
  let isListening = false
  let onHint: () => void = () => undefined

  const readCache = async (): Promise<AcceptedProgram | undefined> => {
    if (!isCacheRead) accepted = await cache.readAccepted()
    isCacheRead = true
    return accepted
  }

  /** @param objects undefined where nobody but the disk is asked */
  const judge = async (
    published: PublishedProgram,
    publicPems: readonly string[],
    objects: KubeObjectsPort | undefined,
    signal: AbortSignal,
  ): Promise<Believed | Refused> => {
    const revision = revisionOf(published)
    const accepted = await readCache()
    const cluster = (await ports.state.readAdoption())?.cluster ?? options.cluster
    const expected = {
      node,
      cluster,
      accepted,
      publicPems,
      isKeyTold: options.controllerKeys !== undefined,
    }
    const objection = judgeEnvelope(published, expected, watched.description)
    if (objection !== undefined) return { kind: 'refused', revision, problems: [objection] }
    // Not those of programs that were refused, or never whole: whoever publishes many of them must not fill the disk.
    const used = [published, accepted?.published ?? published].flatMap(({ program }) => contentsOf(program))
    if (objects !== undefined) await cache.keepContents(used)
    const contents = await gatherContents(published, cache, objects, signal)
    const program = wholeProgram(published, contents, watched.description)
    if (!program.ok) return { kind: 'refused', revision, problems: program.error }
    return { kind: 'compiled', revision, candidate: { program: program.value, revision }, problems: [] }
  }

  const take = async (published: PublishedProgram, publicPem: string, { candidate }: Believed): Promise<void> => {
    const before = await readCache()
    const isKnown =
      before !== undefined &&
      before.publicPem === publicPem &&
      before.published.digest === published.digest &&
      envelopeDigest(before.published) === envelopeDigest(published)
    if (!isKnown) {
      await cache.writeAccepted({ published, publicPem })
      accepted = { published, publicPem }
      await cache.keepContents(contentsOf(published.program))
      const { sequence, signature } = published
      log.info({ program: candidate.program.digest, sequence, key: signature.keyId }, 'program read')
    }
    if (before === undefined) {
      log.info({ key: published.signature.keyId, clusterUID: published.clusterUID }, 'controller trusted from now on')
    }
    desk.take(published)
    heard = { kind: 'taken', program: candidate.program.digest }
  }

  const refuse = (state: Refused, sequence: number): Refused => {
    const [first] = state.problems
    heard = { kind: 'refused' }
    if (first !== undefined) report.refused(first, sequence)
    log.warn({ object: watched.description, problems: state.problems.map(({ what }) => what) }, 'program refused')
    return state
  }

  const fromObject = async (
    object: LiveObject,
    objects: KubeObjectsPort,
    signal: AbortSignal,
  ): Promise<SourceState> => {
    const envelope = readEnvelope(object, watched.description)
    if (envelope.kind === 'refused') return refuse(envelope.state, envelope.sequence)
    const { published } = envelope
    const { keyId } = published.signature
    const kept = (await readCache())?.publicPem
    const keys = await trustedKeys(keyId, { told: await options.controllerKeys?.(), kept, objects }, signal)
    const judged = await judge(published, keys, objects, signal)
    if (judged.kind === 'refused') return refuse(judged, published.sequence)
    const publicPem = keys.find((pem) => keyIdOf(pem) === keyId)
    if (publicPem !== undefined) await take(published, publicPem, judged)
    report.taken(published.sequence)
    const servers = ports.learned === undefined ? undefined : await learnServers(objects, signal)
    if (servers !== undefined) await ports.learned?.(servers)
    return judged
  }

  const fromApi = async (known: SourceState, anew: boolean, signal: AbortSignal): Promise<SourceState | undefined> => {
    const look = await watched.look(signal)
    report.changed()
    heard ??= { kind: 'answered' }
    if (look.kind === 'absent') throw objectMissing(node, watched.description)
    const { uid, generation } = look.object.metadata
    // A refusal may end without another program: with an adoption, or another key file.
    const version = `${uid} ${String(generation)}`
    if (known.kind === 'compiled' && seen === version && !anew) return undefined
    const state = await fromObject(look.object, look.objects, signal)
    seen = version
    return state
  }

  /**
   * What was believed before, held against the key that it was believed by: a disk is not the API, but it may have been
   * touched. The file that names keys may not be there yet so early.
   */
  const fromDisk = async (signal: AbortSignal): Promise<SourceState | undefined> => {
    const cached = await readCache()
    if (cached === undefined) return undefined
    const judged = await judge(cached.published, [cached.publicPem], undefined, signal)
    if (judged.kind === 'refused') {
      log.warn({ problems: judged.problems.map(({ what }) => what) }, 'the program that was kept is not taken')
      return undefined
    }
    desk.take(cached.published)
    return judged
  }

  /** Nothing is read while Fairlead is suspended; that the API answers is worth knowing all the same. */
  const listen = async (): Promise<void> => {
    if (isListening || heard !== undefined) return
    isListening = true
    if (await watched.isAnswering()) {
      heard ??= { kind: 'answered' }
      onHint()
    }
    isListening = false
  }

  return {
    description: `${watched.description} of ${api.description}`,
    permits: desk,
    heard: () => heard,
    read: async (known, anew, signal) => {
      try {
        return await fromApi(known, anew, signal)
      } catch (error) {
        if (known.kind !== 'unread' || !(error instanceof Failure)) throw error
        const kept = await fromDisk(signal).catch((damage: unknown) => {
          // A part of it may be gone from the disk: what keeps the API away is what has to be known.
          if (!(damage instanceof Failure)) throw damage
          log.warn({ code: damage.detail.code }, `the program that was kept cannot be used: ${damage.message}`)
          return undefined
        })
        if (kept === undefined) throw error
        // Why it is an old one is what the next look says.
        onHint()
        return kept
      }
    },
    start: async (hint) => {
      onHint = hint
      watched.hintTo(hint)
    },
    told: (pass) => {
      report.told(pass)
      if (pass.snapshot.suspended) void listen()
    },
    close: async () => {
      await report.close()
      await watched.close()
    },
  }
}

function revisionOf({ revision, sequence }: PublishedProgram): Revision {
  return { ...revision, name: revision.name || `sequence ${sequence}`, committedAt: '' }
}

function objectMissing(node: string, description: string): Failure {
  return new Failure(`there is no ${description}`, {
    code: 'PROGRAM_OBJECT_MISSING',
    where: description,
    fix: `the controller writes it once spec.nodes, or the API, names a node ${JSON.stringify(node)}; look at fairlead controller`,
    retry: 'soon',
  })
}
