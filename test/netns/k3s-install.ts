import type { K3sTablesOptions } from './k3s-node.ts'
import { type K3sTables, k3sTables } from './k3s-tables.ts'
import type { Namespaces } from './lab.ts'
import type { Backend } from './observe.ts'

/** Loads what K3s would have on this node. Packets to the Service reach `p1`, where a server on port 8080 must listen. */
export async function installK3s<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  options: K3sTablesOptions & { readonly backend?: Backend } = {},
): Promise<K3sTables> {
  const tables = k3sTables(options)
  await loadTables(lab, ns, tables, options.backend ?? 'nft')
  return tables
}

/** Sets first: a rule that names a missing one is refused. What the tables held before is gone. */
export async function loadTables<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  tables: K3sTables,
  backend: Backend,
): Promise<void> {
  if (tables.sets !== '') await lab.x(ns, ['ipset', 'restore'], tables.sets)
  await Promise.all([
    lab.x(ns, [`iptables-${backend}-restore`, '-w', '5'], tables.v4),
    lab.x(ns, [`ip6tables-${backend}-restore`, '-w', '5'], tables.v6),
  ])
}
