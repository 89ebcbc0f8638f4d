import { Failure } from '../../domain/failure.ts'
import type { ServedKind } from '../../plan/deploy/cluster-request.ts'
import { deployPass, type PassInput, type PassOutcome } from '../../plan/deploy/deploy-pass.ts'
import type { DeployAnswer, DeployAsk } from '../../plan/deploy/deploy-steps.ts'
import type { KubeEventsPort, KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { ManifestFilesPort } from '../../ports/manifest-files-port.ts'
import { answerRequest, refusalOf } from './answer-request.ts'

export interface DeployPorts {
  readonly files: ManifestFilesPort
  readonly objects: KubeObjectsPort
  readonly events: Pick<KubeEventsPort, 'record'>
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
): Promise<PassOutcome> {
  const steps = deployPass({ ...input, tree: await ports.files.tree(signal) })
  let turn = steps.next()
  while (turn.done !== true) {
    const answer = await answerAsk(turn.value, ports, signal)
    signal.throwIfAborted()
    turn = steps.next(answer)
  }
  return turn.value
}

async function answerAsk(ask: DeployAsk, ports: DeployPorts, signal: AbortSignal): Promise<DeployAnswer> {
  switch (ask.kind) {
    case 'read-file':
      return await ports.files.read(ask.path, signal).then((bytes) => ({ kind: 'file', bytes }), fileError)
    case 'remove-file':
      return await ports.files.remove(ask.path, signal).then(() => ({ kind: 'done' }), fileError)
    case 'discover':
      return await discover(ask.groupVersion, ask.name, ports.objects, signal)
    case 'requests':
      return {
        kind: 'answers',
        answers: await Promise.all(ask.requests.map((request) => answerRequest(request, ports.objects, signal))),
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
  }
}

function fileError(error: unknown): DeployAnswer {
  if (error instanceof Failure) return { kind: 'file-error', message: error.message }
  throw error
}

async function discover(
  apiVersion: string,
  kind: string,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<DeployAnswer> {
  try {
    const resource = await objects.resource({ apiVersion, kind }, signal)
    if (resource === undefined)
      return { kind: 'refused', refusal: { ok: false, status: 404, reason: 'NotFound', message: '' } }
    const { name: plural, isNamespaced: namespaced } = resource
    const served: ServedKind = { groupVersion: apiVersion, kind, plural, namespaced }
    return { kind: 'served', served }
  } catch (error) {
    return { kind: 'refused', refusal: refusalOf(error) }
  }
}
