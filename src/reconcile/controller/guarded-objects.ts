import { Failure } from '../../domain/failure.ts'
import type { KubeObjectsPort, LeaderTerm } from '../../ports/kube-objects-port.ts'

/** The objects of the cluster for who leads: nothing is written once that is not certain any more. */
export function guardedObjects(objects: KubeObjectsPort, term: Pick<LeaderTerm, 'isHeld'>): KubeObjectsPort {
  const held = (): void => {
    if (!term.isHeld()) throw leadLost()
  }
  return {
    resource: (kind, signal) => objects.resource(kind, signal),
    get: (ref, signal) => objects.get(ref, signal),
    list: (query, signal) => objects.list(query, signal),
    unapplied: (wanted, signal) => objects.unapplied(wanted, signal),
    watch: (query, changed, signal) => objects.watch(query, changed, signal),
    async create(object, options, signal) {
      held()
      return await objects.create(object, options, signal)
    },
    async patch(ref, form, patch, options, signal) {
      held()
      return await objects.patch(ref, form, patch, options, signal)
    },
    async apply(object, options, signal) {
      held()
      return await objects.apply(object, options, signal)
    },
    async replace(object, options, signal) {
      held()
      return await objects.replace(object, options, signal)
    },
    async delete(ref, options, signal) {
      held()
      return await objects.delete(ref, options, signal)
    },
  }
}

function leadLost(): Failure {
  return new Failure('this controller may not lead any more', {
    code: 'LEAD_LOST',
    where: 'Lease fairlead-system/fairlead-controller',
    fix: 'nothing is to be done: another one goes on, or this one once it leads again',
    retry: 'soon',
  })
}
