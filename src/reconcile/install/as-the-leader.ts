import { Failure } from '../../domain/failure.ts'
import { fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, textIn } from '../../domain/plain-json.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, LeaderPort, ObjectRef } from '../../ports/kube-objects-port.ts'

export interface LeadPorts {
  readonly objects: Pick<KubeObjectsPort, 'get'>
  readonly clock: Pick<ClockPort, 'sleep'>
  readonly leader: LeaderPort
}

const namespace: ObjectRef = { apiVersion: 'v1', kind: 'Namespace', name: fairleadNamespace }
const lease: ObjectRef = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: fairleadNamespace,
  name: fairleadNames.leaderLease,
}

/**
 * Does `work` as the leader: while it goes on, no controller, wherever it runs, writes anything. Without our namespace
 * there is nothing to lead.
 * @throws Failure UNINSTALL_CONTROLLER_RUNS when somebody else keeps the lead; what `work` throws
 */
export async function asTheLeader(
  { objects, clock, leader }: LeadPorts,
  waitMs: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const ours = await objects.get(namespace, signal)
  // What is being deleted takes no Lease any more, and no controller writes into it.
  if (ours === undefined || ours.metadata['deletionTimestamp'] !== undefined) return await work()
  const [led, over] = [new AbortController(), new AbortController()]
  void clock.sleep(waitMs, led.signal).then(() => {
    if (!led.signal.aborted) over.abort()
  })
  await leader.campaign(
    async () => {
      led.abort()
      await work()
      // The Lease went with everything else: there is nothing more to campaign for.
      over.abort()
    },
    AbortSignal.any([signal, over.signal]),
  )
  signal.throwIfAborted()
  if (!led.signal.aborted) throw await controllerRuns(objects, signal)
}

async function controllerRuns(objects: LeadPorts['objects'], signal: AbortSignal): Promise<Failure> {
  const spec = asRecord((await objects.get(lease, signal))?.['spec'])
  const holder = textIn(spec['holderIdentity']) ?? 'a controller that cannot be told'
  return new Failure(`${holder} leads, and would put back what is removed`, {
    code: 'UNINSTALL_CONTROLLER_RUNS',
    where: `Lease ${fairleadNamespace}/${fairleadNames.leaderLease}`,
    fix: 'stop the controller that runs there, outside this installation, and run this again',
    retry: 'soon',
  })
}
