import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import type { KubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { leaderLease } from '../../src/adapters/kube/leader-lease.ts'
import { Failure } from '../../src/domain/failure.ts'
import { fairleadNames, fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import type { KubeObjectsPort } from '../../src/ports/kube-objects-port.ts'
import { type Removal, removeInstallation } from '../../src/reconcile/install/remove-installation.ts'

const clock = systemClock()
const signal = new AbortController().signal

/** What `fairlead uninstall` does, with labels that nobody ever changed. */
export async function uninstall(
  objects: KubeObjectsPort,
  options: { readonly keepNodeAgents: boolean } = { keepNodeAgents: false },
): Promise<Removal> {
  const lease = { namespace: fairleadNamespace, name: fairleadNames.leaderLease, identity: 'test' }
  const quick = { leaseMs: 1_000, renewWithinMs: 700, retryMs: 100 }
  const ports = {
    objects,
    clock,
    leader: leaderLease(objects, clock, { ...lease, ...quick }),
    releaseLabels: async () => [],
    begins: () => undefined,
  }
  return await removeInstallation(ports, { ...options, waitMs: 10_000 }, signal)
}

export interface CutObjects extends KubeObjectsPort {
  /** Writes that were asked for. */
  readonly writes: number
  /** Kinds and names of what was asked to go, in order. */
  readonly deleted: readonly string[]
}

/** From its n-th write on nothing reaches the server any more: for the server, whoever asked has died. */
export function cutBefore(objects: KubeObjects, lastWrite: number): CutObjects {
  let writes = 0
  const deleted: string[] = []
  const pass = (isWrite: boolean): void => {
    if (isWrite) writes += 1
    if (writes < lastWrite) return
    throw new Failure('cut', { code: 'KUBE_UNREACHABLE', where: 'test', fix: 'none', retry: 'soon' })
  }
  const read = async <T>(send: () => Promise<T>): Promise<T> => {
    pass(false)
    return await send()
  }
  const write = async <T>(send: () => Promise<T>): Promise<T> => {
    pass(true)
    return await send()
  }
  return {
    get writes() {
      return writes
    },
    deleted,
    resource: (...words) => read(() => objects.resource(...words)),
    get: (...words) => read(() => objects.get(...words)),
    list: (...words) => read(() => objects.list(...words)),
    unapplied: (...words) => read(() => objects.unapplied(...words)),
    watch: (...words) => objects.watch(...words),
    create: (...words) => write(() => objects.create(...words)),
    patch: (...words) => write(() => objects.patch(...words)),
    apply: (...words) => write(() => objects.apply(...words)),
    replace: (...words) => write(() => objects.replace(...words)),
    delete: (ref, ...words) =>
      write(() => {
        deleted.push(`${ref.kind} ${ref.name}`)
        return objects.delete(ref, ...words)
      }),
  }
}
