import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import type { NodeSubject } from '../subject.ts'

/**
 * The annotation that an etcd member puts on its Node: the address that the other members know it by.
 * @see k3s-io/k3s pkg/etcd/etcd.go (`NodeAddress`)
 */
export const etcdAddressAnnotation = 'etcd.k3s.cattle.io/node-address'

/** Whether a server is known to hold a member of K3s's own etcd. */
export function holdsEtcd({ role, settings, facts }: NodeSubject): boolean {
  if (role !== 'server') return false
  if (facts.labels['node-role.kubernetes.io/etcd'] !== undefined) return true
  if (facts.annotations?.[etcdAddressAnnotation] !== undefined) return true
  if (settings.has('datastore-endpoint') || isSwitchedOn(settings, 'disable-etcd')) return false
  return isSwitchedOn(settings, 'cluster-init') || settings.has('server')
}
