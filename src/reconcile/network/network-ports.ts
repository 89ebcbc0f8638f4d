import type { IptablesBackend, Plane } from '../../domain/network-program.ts'
import type { CheckpointPort } from '../../ports/checkpoint-port.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { HostRoutesPort } from '../../ports/host-routes-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { MetricsPort } from '../../ports/metrics-port.ts'
import type { NetworkStatePort } from '../../ports/network-state-port.ts'
import type { PacketFilterPort } from '../../ports/packet-filter-port.ts'
import type { PermitPort } from '../../ports/permit-port.ts'
import type { ProbesPort } from '../../ports/probes-port.ts'
import type { SysctlsPort } from '../../ports/sysctls-port.ts'
import type { CleanupPorts } from './cleanup-ports.ts'

/** What reads the kernel of a node, and nothing that changes it. */
export interface NetworkReadPorts {
  /** @param backend what the user set; the node's own is found out otherwise */
  filter(plane: Plane, backend: IptablesBackend | undefined): PacketFilterPort
  /** @throws Failure ROUTES_UNSUPPORTED where this machine has no program for them */
  routes(): Promise<HostRoutesPort>
  readonly sysctls: SysctlsPort
  readonly checkpoints: CheckpointPort
  readonly network: NetworkStatePort
}

export interface NetworkPorts extends NetworkReadPorts {
  /** Absent where nothing is cleaned up: verbs that make one pass and end. */
  readonly cleanups?: CleanupPorts
  /** Who says when a risky change may begin; absent where it begins at once. */
  readonly permits?: PermitPort
  /** What was asked for on the command line, instead of what the program says; milliseconds. */
  readonly confirmTimeoutMs?: number
  readonly probes: ProbesPort
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: MetricsPort
  /** Whether somebody suspended Fairlead on this machine, asked right before anything is written: a pass may take seconds. */
  readonly isSuspended?: () => Promise<boolean>
}
