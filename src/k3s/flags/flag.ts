import type { ReleaseFloors } from '../version/release-floors.ts'

/** One option of `k3s server` or `k3s agent`, which is at the same time a key of its configuration file. */
export interface Flag {
  /** The long name without dashes; also the key in config.yaml. */
  readonly name: string
  readonly aliases: readonly string[]
  readonly type: 'string' | 'boolean' | 'integer' | 'list'
  /** Commands that know it; what an agent does not know is fatal in its configuration file. */
  readonly commands: readonly ('server' | 'agent')[]
  /** `critical`: compared by K3s itself when a server joins. `agreed`: must be equal, and nobody compares. */
  readonly sameOnServers: 'critical' | 'agreed' | 'local'
  /** What a change needs once the cluster lives (k3s-networking §1, column Mut). */
  readonly change: 'restart-node' | 'restart-servers' | 'restart-all' | 'rebuild' | 'registration-only'
  /** For people; absent where there is none. */
  readonly default?: string
  /** Every value it takes, where that does not depend on the release. */
  readonly values?: readonly string[]
  /** Absent where every release of these tables has it, or where its first release is not established. */
  readonly since?: ReleaseFloors
  /** Where agents learned it later than servers. */
  readonly agentSince?: ReleaseFloors
  readonly deprecatedSince?: ReleaseFloors
  /** Known, and K3s refuses to start over it. */
  readonly fatalSince?: ReleaseFloors
  readonly removedSince?: ReleaseFloors
  /** Never shown, never imported. */
  readonly isSecret?: true
  /** Has to do with the network, so that an import takes it over. */
  readonly isNetwork: boolean
  readonly environment?: string
  readonly source: string
}

export type FlagState = 'unknown-yet' | 'supported' | 'deprecated' | 'fatal' | 'removed'

type FlagLiteral = Pick<Flag, 'name' | 'type'> & Partial<Flag>

/** An option of servers: local to one of them, in place after the servers restarted, unless it says more. */
export function serverFlag(own: FlagLiteral): Flag {
  return {
    aliases: [],
    commands: ['server'],
    sameOnServers: 'local',
    change: 'restart-servers',
    isNetwork: false,
    source: 'k3s-io/k3s pkg/cli/cmds/server.go',
    ...own,
  }
}

/** An option of every node: servers take it as well, because a server runs an agent. */
export function nodeFlag(own: FlagLiteral): Flag {
  return {
    aliases: [],
    commands: ['server', 'agent'],
    sameOnServers: 'local',
    change: 'restart-node',
    isNetwork: false,
    source: 'k3s-io/k3s pkg/cli/cmds/agent.go',
    ...own,
  }
}
