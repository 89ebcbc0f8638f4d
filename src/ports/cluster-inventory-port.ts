import type { ClusterInventory } from '../domain/cluster-inventory.ts'

/** The inventory of the cluster side, in one ConfigMap of our namespace. */
export interface ClusterInventoryPort {
  read(signal: AbortSignal): Promise<ClusterInventory>
  /**
   * In place of what was read last; two writers never mix.
   * @throws Failure KUBE_STALE when somebody else wrote it meanwhile
   */
  write(inventory: ClusterInventory, signal: AbortSignal): Promise<void>
}
