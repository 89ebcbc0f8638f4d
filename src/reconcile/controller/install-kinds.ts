import type { KubernetesObject } from '../../domain/facts.ts'
import { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNamespaceObject } from '../../domain/fairlead-api.ts'
import { textIn } from '../../domain/plain-json.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { fairleadCrds, releaseAnnotation } from '../../schema/api/crds.ts'
import { isNewerRelease } from '../../text/release-order.ts'
import { applyObjects } from '../objects/apply-objects.ts'

/** The server tells of a kind a moment after it took its definition. */
const servedWithinMs = 10_000

/**
 * The definitions of our kinds, where they are missing or not of a newer release: while controllers are exchanged, the older
 * one may lead again. A controller that may not write them goes on with those that are there.
 * @param version release of Fairlead
 * @throws Failure KINDS_MISSING when one is not served afterwards; `KUBE_*`
 */
export async function installKinds(
  version: string,
  objects: KubeObjectsPort,
  clock: ClockPort,
  log: LogPort,
  signal: AbortSignal,
): Promise<void> {
  const wanted = await notNewer(version, objects, log, signal)
  const { outcomes } = await applyObjects(wanted, { conflicts: 'Take' }, { objects, clock }, signal)
  const refused: Failure[] = []
  for (const { ref, ...outcome } of outcomes) {
    if (outcome.kind !== 'Refused') continue
    refused.push(outcome.failure)
    const { code, where, fix } = outcome.failure.detail
    log.warn({ code, where, fix, object: `${ref.kind} ${ref.name}` }, 'a definition could not be written')
  }
  const lastMs = clock.monotonicMs() + (refused.length > 0 ? 0 : servedWithinMs)
  for (const kind of Object.values(fairleadKinds)) {
    while ((await objects.resource(kind, signal)) === undefined) {
      if (clock.monotonicMs() > lastMs) throw kindMissing(kind.kind, refused[0])
      await clock.sleep(250, signal)
      signal.throwIfAborted()
    }
  }
}

async function notNewer(
  version: string,
  objects: KubeObjectsPort,
  log: LogPort,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const wanted: KubernetesObject[] = []
  for (const crd of fairleadCrds(version)) {
    const { apiVersion, kind, metadata } = crd
    const live = await objects.get({ apiVersion, kind, name: metadata.name }, signal)
    const release = textIn(live?.metadata.annotations?.[releaseAnnotation])
    if (release === undefined || !isNewerRelease(release, version)) wanted.push(crd)
    else
      log.info({ definition: metadata.name, release, own: version }, 'a newer release wrote this definition; it stays')
  }
  return wanted
}

const retryMs = 2_000

/**
 * Waits for our namespace, and makes it where there is none: the Lease that is campaigned for lives in it. It is the one thing
 * that is written by who does not lead.
 */
export async function ensureNamespace(
  { objects, clock, log }: { readonly objects: KubeObjectsPort; readonly clock: ClockPort; readonly log: LogPort },
  signal: AbortSignal,
): Promise<void> {
  const { apiVersion, kind, metadata } = fairleadNamespaceObject
  let told = ''
  while (!signal.aborted) {
    try {
      if ((await objects.get({ apiVersion, kind, name: metadata.name }, signal)) !== undefined) return
      await objects.create(fairleadNamespaceObject, {}, signal)
      return
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof Failure)) throw error
      const { code, where, fix } = error.detail
      // Who may not look at namespaces has ours, or learns from the Lease that there is none.
      if (code === 'KUBE_EXISTS' || code === 'KUBE_FORBIDDEN') return
      if (code !== told) log.warn({ code, where, fix }, error.message)
      told = code
      await clock.sleep(retryMs, signal)
    }
  }
}

function kindMissing(kind: string, cause: Failure | undefined): Failure {
  const why = cause === undefined ? '' : `: ${cause.message}`
  return new Failure(
    `the API server has no kind ${kind}${why}`,
    {
      code: 'KINDS_MISSING',
      where: `CustomResourceDefinition of ${kind}`,
      fix: 'install them: fairlead install --crds-only | kubectl apply --server-side -f -',
      retry: 'soon',
    },
    { cause },
  )
}
