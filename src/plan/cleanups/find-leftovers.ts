import type { CleanupArtefact } from '../../domain/cleanup.ts'
import type { CleanupPlan, Leftovers, Removal } from '../../domain/leftovers.ts'
import { lostHostPorts } from './dead-host-ports.ts'
import { backendInForce } from './flags-in-force.ts'
import { linkLeftovers } from './link-leftovers.ts'
import { ownedObjects } from './owned-objects.ts'
import { routeLeftovers, ruleLeftovers } from './route-leftovers.ts'
import { tableLeftovers } from './table-leftovers.ts'

type Kept = CleanupPlan['kept'][number]

/** Everything on this node that is one component's, in the order in which it may go, and what of it stays in any case. */
export function findLeftovers(
  artefact: CleanupArtefact,
  leftovers: Leftovers,
): { readonly removals: readonly Removal[]; readonly kept: readonly Kept[] } {
  const { cleanup } = artefact
  const owned = ownedObjects[cleanup]
  const base = { cleanup, reason: `${artefact.origin} says otherwise`, widensAccess: owned.widensAccess }
  const links = linkLeftovers(artefact, leftovers)
  const rules = ruleLeftovers(artefact, leftovers)
  const sets = leftovers.sets.map(({ name }) => name).filter((name) => owned.sets?.test(name) === true)
  const removals: readonly Removal[] = [
    // Before anything else: from here on local addresses are found whatever goes.
    ...rules.added.map((rule) => ({ ...base, kind: 'add-routing-rule' as const, rule })),
    ...chainRemovals(artefact, leftovers).map((removal) => ({ ...base, ...removal })),
    ...(sets.length === 0 ? [] : [{ ...base, kind: 'sets' as const, names: sets }]),
    ...leftovers.nftTables
      .filter(({ family, name }) => owned.nftTables?.test(`${family} ${name}`) === true)
      .map((table) => ({ ...base, kind: 'nft-table' as const, ...table })),
    ...rules.removed.map((rule) => ({ ...base, kind: 'routing-rule' as const, rule })),
    ...routeLeftovers(artefact, leftovers, backendInForce(leftovers)).map((route) => ({
      ...base,
      kind: 'route' as const,
      route,
    })),
    ...links.removed.map(({ name }) => ({ ...base, kind: 'link' as const, name })),
    ...fileLeftovers(artefact, leftovers).map((path) => ({ ...base, kind: 'file' as const, path })),
  ]
  const kept = [...links.kept.map(({ name, reason }) => ({ cleanup, what: `device ${name}`, reason }))]
  return { removals, kept: [...kept, ...keptFiles(artefact, leftovers), ...reports(artefact, leftovers)] }
}

type ChainRemoval = Omit<Extract<Removal, { readonly kind: 'chains' }>, 'cleanup' | 'reason' | 'widensAccess'>

const tableOrder = ['raw', 'mangle', 'filter', 'nat', 'security']

function chainRemovals(artefact: CleanupArtefact, leftovers: Leftovers): readonly ChainRemoval[] {
  return leftovers.tables.flatMap(({ backend, family, tables }) =>
    tables
      .toSorted((a, b) => tableOrder.indexOf(a.table) - tableOrder.indexOf(b.table))
      .flatMap((table) => {
        const found = tableLeftovers(artefact, table, leftovers)
        if (found.chains.length === 0 && found.rules.length === 0) return []
        return [{ kind: 'chains' as const, backend, family, table: table.table, ...found }]
      }),
  )
}

function fileLeftovers({ cleanup }: CleanupArtefact, { files, leases, containers }: Leftovers): readonly string[] {
  const owned = files.filter((path) => ownedObjects[cleanup].files?.test(path) === true)
  if (cleanup !== 'flannel' || containers === undefined) return owned
  const dead = (leases ?? []).filter(
    ({ path, container }) => path.startsWith('/var/lib/cni/networks/cbr0/') && !containers.has(container),
  )
  return [...owned, ...dead.map(({ path }) => path)]
}

function keptFiles({ cleanup }: CleanupArtefact, { files }: Leftovers): readonly Kept[] {
  const rule = ownedObjects[cleanup].keptFiles
  if (rule === undefined) return []
  return files.filter((path) => rule.path.test(path)).map((what) => ({ cleanup, what, reason: rule.reason }))
}

function reports({ cleanup }: CleanupArtefact, { tables }: Leftovers): readonly Kept[] {
  const hidden = tables.flatMap(({ backend, family, incompatible }) =>
    (incompatible ?? []).map((table) => ({
      cleanup,
      what: `table ${table} (${backend}, ${family})`,
      reason: 'it holds rules that only nft can show, so that nobody can tell what in it is whose',
    })),
  )
  if (cleanup !== 'servicelb') return hidden
  const lost = tables.flatMap(({ backend, family, tables: saved }) =>
    saved.flatMap(lostHostPorts).map((what) => ({
      cleanup,
      what: `hostPorts at ${what} (${backend}, ${family})`,
      reason: 'somebody flushed what led there; the hostPort answers again once its pod was made anew',
    })),
  )
  return [...hidden, ...lost]
}
