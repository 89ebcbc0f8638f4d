import { Failure } from '../../domain/failure.ts'
import { asList, asRecord } from '../../domain/plain-json.ts'
import { addonKind } from '../../plan/deploy/addon.ts'
import { addonDefinition } from '../../plan/deploy/addon-definition.ts'
import { addonNamespace } from '../../plan/deploy/object-marks.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'

const establishedWithinMs = 15_000
const lookAgainMs = 50

/**
 * Makes the kind Addon where there is none, as K3s does when it starts, and waits until the server takes Addons. A kind that
 * is there is left as it is. The kinds of Helm charts are those of the Helm controller, and never made here.
 *
 * @throws Failure KUBE_…, and ADDONS_NOT_SERVED when the server does not serve what it took
 */
export async function ensureAddons(
  { objects, clock }: { readonly objects: KubeObjectsPort; readonly clock: ClockPort },
  signal: AbortSignal,
): Promise<'there' | 'made'> {
  if ((await objects.resource(addonType, signal)) !== undefined) return 'there'
  await unlessThere(() => objects.create(addonDefinition, {}, signal))
  await unlessThere(() => objects.create(kubeSystem, {}, signal))
  const deadline = clock.monotonicMs() + establishedWithinMs
  while (!((await isEstablished(objects, signal)) && (await objects.resource(addonType, signal)) !== undefined)) {
    signal.throwIfAborted()
    if (clock.monotonicMs() > deadline) throw notServed()
    await clock.sleep(lookAgainMs, signal)
  }
  return 'made'
}

const addonType = { apiVersion: addonKind.groupVersion, kind: addonKind.kind }
/** Every API server makes it by itself, some seconds after it began to answer. */
const kubeSystem = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: addonNamespace } }

/** Another server of the cluster may have been faster. */
async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create()
  } catch (error) {
    if (!(error instanceof Failure && error.detail.code === 'KUBE_EXISTS')) throw error
  }
}

async function isEstablished(objects: KubeObjectsPort, signal: AbortSignal): Promise<boolean> {
  const { apiVersion, kind, metadata } = addonDefinition
  const definition = await objects.get({ apiVersion, kind, name: metadata.name }, signal)
  const conditions = asList(asRecord(definition?.['status'])['conditions']).map(asRecord)
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True')
}

function notServed(): Failure {
  return new Failure('the API server took the definition of Addons and does not serve them', {
    code: 'ADDONS_NOT_SERVED',
    where: `CustomResourceDefinition ${addonDefinition.metadata.name}`,
    fix: 'look at its conditions: kubectl describe crd addons.k3s.cattle.io',
    retry: 'soon',
  })
}
