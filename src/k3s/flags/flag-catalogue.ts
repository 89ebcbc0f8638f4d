import type { NodeRole } from '../../domain/facts.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { reaches } from '../version/release-floors.ts'
import { accessFlags } from './access-flags.ts'
import { addressingFlags } from './addressing-flags.ts'
import { apiEndpointFlags } from './api-endpoint-flags.ts'
import { argumentFlags } from './argument-flags.ts'
import { componentFlags } from './component-flags.ts'
import { datastoreFlags, objectStoreFlags } from './datastore-flags.ts'
import type { Flag, FlagState } from './flag.ts'
import { flannelFlags } from './flannel-flags.ts'
import { nodeIdentityFlags } from './node-identity-flags.ts'
import { processFlags } from './process-flags.ts'
import { runtimeFlags } from './runtime-flags.ts'

/** Every option of `k3s server` and `k3s agent` from 1.17 to the newest release, hidden ones among them. */
export const allFlags: readonly Flag[] = [
  ...addressingFlags,
  ...apiEndpointFlags,
  ...flannelFlags,
  ...nodeIdentityFlags,
  ...componentFlags,
  ...argumentFlags,
  ...accessFlags,
  ...datastoreFlags,
  ...objectStoreFlags,
  ...runtimeFlags,
  ...processFlags,
]

/** What an import takes over and what a change of the network is about. */
export const networkFlags: readonly Flag[] = allFlags.filter((flag) => flag.isNetwork)

/** The option of a long name or an alias; with a command, only where that command has known it. */
export function findFlag(nameOrAlias: string, command?: NodeRole): Flag | undefined {
  const flag = flagsByName.get(nameOrAlias)
  return flag === undefined || command === undefined || flag.commands.includes(command) ? flag : undefined
}

/** The long name of an option; any other text as it is. */
export function longNameOf(nameOrAlias: string): string {
  return flagsByName.get(nameOrAlias)?.name ?? nameOrAlias
}

/**
 * Whether K3s takes this option from its configuration file without a word about an unknown one. An unknown release
 * is taken for one that has it.
 */
export function isKnownTo(flag: Flag, role: NodeRole, version: K3sVersion | undefined): boolean {
  if (!flag.commands.includes(role)) return false
  if (version === undefined) return true
  if (role === 'agent' && flag.agentSince !== undefined && !reaches(flag.agentSince, version)) return false
  return !['unknown-yet', 'removed'].includes(flagState(flag, version))
}

/** Where a release stands in the life of an option. */
export function flagState(flag: Flag, version: K3sVersion): FlagState {
  if (flag.removedSince !== undefined && reaches(flag.removedSince, version)) return 'removed'
  if (flag.fatalSince !== undefined && reaches(flag.fatalSince, version)) return 'fatal'
  if (flag.since !== undefined && !reaches(flag.since, version)) return 'unknown-yet'
  if (flag.deprecatedSince !== undefined && reaches(flag.deprecatedSince, version)) return 'deprecated'
  return 'supported'
}

const flagsByName: ReadonlyMap<string, Flag> = new Map(
  allFlags.flatMap((flag) => [flag.name, ...flag.aliases].map((name): [string, Flag] => [name, flag])),
)
