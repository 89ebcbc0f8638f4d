import { Failure } from '../../domain/failure.ts'
import type { ClusterAnswer, ClusterRequest, ServedKind } from '../../plan/deploy/cluster-request.ts'
import { deployPass, type PassInput, type PassOutcome } from '../../plan/deploy/deploy-pass.ts'
import type { DeployAnswer, DeployAsk } from '../../plan/deploy/deploy-steps.ts'
import type { KubeEventsPort, KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { ManifestFilesPort } from '../../ports/manifest-files-port.ts'
import { answerRequest, refusalOf } from './answer-request.ts'

export interface DeployPorts {
  readonly files: ManifestFilesPort
  readonly objects: KubeObjectsPort
  readonly events: Pick<KubeEventsPort, 'record'>
  /** Waits for a turn of this Addon; false where it would have to wait and must not. At once when absent. */
  readonly turn?: (addon: string, waits: boolean, signal: AbortSignal) => Promise<boolean>
}

export interface RanPass extends PassOutcome {
  /** Why the API server could not be asked any more; from then on nothing was sent, and what is left has failed. */
  readonly away?: Failure
}

/**
 * Runs one pass over the manifests directory against the real world. Passes must not overlap: each begins with the memory
 * that the one before it returned.
 *
 * @throws what is no `Failure`, and everything once `signal` is aborted; the pass is then as if it had stopped there
 */
export async function runDeployPass(
  input: Omit<PassInput, 'tree'>,
  ports: DeployPorts,
  signal: AbortSignal,
): Promise<RanPass> {
  const steps = deployPass({ ...input, tree: await ports.files.tree(signal) })
  const line: Line = { away: undefined }
  let turn = steps.next()
  while (turn.done !== true) {
    const answer = await answerAsk(turn.value, ports, line, signal)
    signal.throwIfAborted()
    turn = steps.next(answer)
  }
  return { ...turn.value, ...(line.away === undefined ? {} : { away: line.away }) }
}

/** Whether the API server answers. A thousand files need not find out one after the other that it does not. */
interface Line {
  away: Failure | undefined
}

const awayCodes: ReadonlySet<string> = new Set([
  'KUBE_CREDENTIALS',
  'KUBE_OVERLOADED',
  'KUBE_TIMEOUT',
  'KUBE_TLS',
  'KUBE_UNAUTHORIZED',
  'KUBE_UNREACHABLE',
])

async function answerAsk(ask: DeployAsk, ports: DeployPorts, line: Line, signal: AbortSignal): Promise<DeployAnswer> {
  switch (ask.kind) {
    case 'read-file':
      return await ports.files.read(ask.path, signal).then((bytes) => ({ kind: 'file', bytes }), fileError)
    case 'remove-file':
      return await ports.files.remove(ask.path, signal).then(() => ({ kind: 'done' }), fileError)
    case 'discover':
      return await discover(ask.groupVersion, ask.name, ports.objects, line, signal)
    case 'requests':
      return {
        kind: 'answers',
        answers: await Promise.all(ask.requests.map((request) => answerOne(request, ports.objects, line, signal))),
      }
    case 'event': {
      const { addon, type, reason, message } = ask.event
      ports.events.record({
        regarding: { apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', ...addon },
        type,
        reason,
        message,
      })
      return { kind: 'done' }
    }
    case 'turn':
      return (await ports.turn?.(ask.addon, ask.waits, signal)) === false ? tooOften : { kind: 'done' }
  }
}

/** The words of the releases that do not wait. */
const tooOften: DeployAnswer = {
  kind: 'refused',
  refusal: { ok: false, status: 409, reason: 'Conflict', message: 'delaying object set' },
}

function fileError(error: unknown): DeployAnswer {
  if (error instanceof Failure) return { kind: 'file-error', message: error.message }
  throw error
}

async function answerOne(
  request: ClusterRequest,
  objects: KubeObjectsPort,
  line: Line,
  signal: AbortSignal,
): Promise<ClusterAnswer> {
  if (line.away !== undefined) return refusalOf(line.away)
  return await answerRequest(request, objects, (failure) => noteAway(failure, line), signal)
}

async function discover(
  apiVersion: string,
  kind: string,
  objects: KubeObjectsPort,
  line: Line,
  signal: AbortSignal,
): Promise<DeployAnswer> {
  if (line.away !== undefined) return { kind: 'refused', refusal: refusalOf(line.away) }
  try {
    const resource = await objects.resource({ apiVersion, kind }, signal)
    if (resource === undefined)
      return { kind: 'refused', refusal: { ok: false, status: 404, reason: 'NotFound', message: '' } }
    const { name: plural, isNamespaced: namespaced } = resource
    const served: ServedKind = { groupVersion: apiVersion, kind, plural, namespaced }
    return { kind: 'served', served }
  } catch (error) {
    if (error instanceof Failure) noteAway(error, line)
    return { kind: 'refused', refusal: refusalOf(error) }
  }
}

function noteAway(failure: Failure, line: Line): void {
  if (awayCodes.has(failure.detail.code)) line.away ??= failure
}
