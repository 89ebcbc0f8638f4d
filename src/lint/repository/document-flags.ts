import type { LocatedLine } from '../../domain/problem.ts'
import { longNameOf } from '../../k3s/flags/flag-catalogue.ts'
import type { ClusterNetwork, DesiredState, DocumentPath } from '../../schema/documents.ts'

type FlagValue = ClusterNetwork['spec']['k3sFlags']['servers'][string]

/** One entry of one `k3sFlags`. */
export interface DocumentFlag {
  /** The long name of the flag, or text that no flag has. */
  readonly key: string
  /** As it is written: `i` for node-ip. */
  readonly writtenKey: string
  readonly value: FlagValue
  readonly scope: FlagScope
  /** Of the value, or of what stands at a path inside it. */
  place(inside?: DocumentPath): LocatedLine
}

export type FlagScope =
  | { readonly kind: 'nodes' }
  | { readonly kind: 'servers' }
  | { readonly kind: 'node-network'; readonly name: string }

/** Every flag of every `k3sFlags`, from the general ones to the particular. */
export function documentFlags({ cluster, nodes, places }: DesiredState): readonly DocumentFlag[] {
  const { k3sFlags } = cluster.spec
  return [
    ...flagsIn(k3sFlags.nodes, { kind: 'nodes' }, (path) =>
      places.clusterPlace(['spec', 'k3sFlags', 'nodes', ...path]),
    ),
    ...flagsIn(k3sFlags.servers, { kind: 'servers' }, (path) =>
      places.clusterPlace(['spec', 'k3sFlags', 'servers', ...path]),
    ),
    ...nodes.flatMap(({ metadata: { name }, spec }) =>
      flagsIn(spec.k3sFlags, { kind: 'node-network', name }, (path) =>
        places.nodePlace(name, ['spec', 'k3sFlags', ...path]),
      ),
    ),
  ]
}

/** `spec.k3sFlags.servers`, or `k3sFlags of NodeNetwork "edge"`. */
export function printScope(scope: FlagScope): string {
  return scope.kind === 'node-network'
    ? `k3sFlags of NodeNetwork ${JSON.stringify(scope.name)}`
    : `spec.k3sFlags.${scope.kind}`
}

/** The values as K3s gets them, one text each. */
export function textsOfFlag({ value }: DocumentFlag): readonly string[] {
  return [value].flat().map(String)
}

function flagsIn(
  flags: Readonly<Record<string, FlagValue>>,
  scope: FlagScope,
  placeOf: (path: DocumentPath) => LocatedLine,
): readonly DocumentFlag[] {
  return Object.entries(flags)
    .sort(longNamesLast)
    .map(([writtenKey, value]) => ({
      key: longNameOf(writtenKey),
      writtenKey,
      value,
      scope,
      place: (inside = []) => placeOf([writtenKey, ...inside]),
    }))
}

/** Of two names of one flag in one mapping the long one wins, wherever it stands. */
function longNamesLast([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const isLong = (name: string): number => Number(longNameOf(name) === name)
  return isLong(a) - isLong(b) || (a < b ? -1 : 1)
}
