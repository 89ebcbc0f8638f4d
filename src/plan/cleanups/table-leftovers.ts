import type { CleanupArtefact } from '../../domain/cleanup.ts'
import type { Leftovers } from '../../domain/leftovers.ts'
import { builtInChains, type SavedTable } from '../../domain/saved-tables.ts'
import { deadHostPorts } from './dead-host-ports.ts'
import { bareFlannelRules } from './flannel-rules.ts'
import { type OwnedObjects, ownedObjects } from './owned-objects.ts'
import { targetOf } from './rule-words.ts'

/** Chains of one component in one table, and the rules in chains of others that lead to them or are its own. */
export interface TableLeftovers {
  readonly chains: readonly string[]
  /** Each as its chain and its words; one that stands twice is here twice. */
  readonly rules: readonly (readonly string[])[]
}

/** What one component has in one table. Everything else in it stays as it is, byte for byte. */
export function tableLeftovers(artefact: CleanupArtefact, table: SavedTable, leftovers: Leftovers): TableLeftovers {
  if (artefact.cleanup === 'servicelb') return deadHostPorts(table, leftovers.containers)
  const owned = ownedObjects[artefact.cleanup]
  const chains = table.chains.map(({ name }) => name).filter((name) => isOwned(name, table, owned, leftovers))
  const bare =
    artefact.cleanup === 'flannel' ? bareFlannelRules(table, artefact.clusterCIDRs, leftovers.flannelSubnets ?? []) : []
  return { chains, rules: [...foreignRules(table, new Set(chains), owned), ...bare] }
}

/** Rules that have to go with `chains`: those that lead there from elsewhere. */
function foreignRules(table: SavedTable, chains: ReadonlySet<string>, owned: OwnedObjects) {
  return table.chains
    .filter(({ name }) => !chains.has(name))
    .flatMap(({ name, rules }) =>
      rules
        .filter((rule) => chains.has(targetOf(rule) ?? '') || owned.isOwnRule?.(rule) === true)
        .map(({ words }) => [name, ...words]),
    )
}

function isOwned(name: string, { table }: SavedTable, owned: OwnedObjects, leftovers: Leftovers): boolean {
  const pattern = owned.chains[table]
  if (pattern === undefined || !pattern.test(name) || builtInNames.has(name)) return false
  return !(kubeletChains.has(name) && !hasHint(leftovers))
}

const builtInNames: ReadonlySet<string> = new Set(builtInChains)

/** Kubelets that leave no hint keep these two for themselves, and make them again. */
const kubeletChains: ReadonlySet<string> = new Set(['KUBE-POSTROUTING', 'KUBE-MARK-MASQ'])

function hasHint({ tables }: Leftovers): boolean {
  return tables.some((each) =>
    each.tables.some(({ chains }) => chains.some(({ name }) => name === 'KUBE-IPTABLES-HINT')),
  )
}
