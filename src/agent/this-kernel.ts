import { openCommands } from '../adapters/command/node-command.ts'
import { openNetworkState } from '../adapters/disk/network-state.ts'
import { openHostRoutes } from '../adapters/iproute/iproute-routes.ts'
import { legacyFingerprint } from '../adapters/iptables/legacy-fingerprint.ts'
import { openIptables } from '../adapters/iptables/open-iptables.ts'
import { openNetworkEvents } from '../adapters/network-events/network-events.ts'
import { openNft } from '../adapters/nft/nft-filter.ts'
import { openProbes } from '../adapters/probes/node-probes.ts'
import { openSysctls } from '../adapters/sysctl/proc-sysctls.ts'
import { Failure } from '../domain/failure.ts'
import type { IptablesBackend, Plane } from '../domain/network-program.ts'
import type { HostRoutesPort } from '../ports/host-routes-port.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import type { PacketFilterPort } from '../ports/packet-filter-port.ts'
import type { KernelPorts } from '../reconcile/network/kernel-loop.ts'
import type { NetworkReadPorts } from '../reconcile/network/network-ports.ts'
import type { Settings } from '../settings.ts'
import { openMachineCheckpoints } from './this-checkpoints.ts'
import type { Machine } from './this-machine.ts'

/** A tree below another root has no kernel: what is written there is not what packets of this machine go through. */
export function keepsKernel({ kernel }: Pick<Settings, 'kernel'>, root: string): boolean {
  return kernel === 'on' || (kernel !== 'off' && root === '/')
}

/** Reads the kernel. No program is started, and nothing is written, before something is asked of it. */
export function openKernelReader(
  machine: Pick<Machine, 'root' | 'stateDirectory' | 'log'>,
  emergency?: string,
): NetworkReadPorts {
  const { root, stateDirectory, log } = machine
  const commands = openCommands()
  let routes: Promise<HostRoutesPort> | undefined
  const filters = new Map<string, PacketFilterPort>()
  return {
    filter: (plane, backend) => {
      const key = `${plane} ${backend ?? ''}`
      const filter = filters.get(key) ?? openFilter(plane, backend)
      filters.set(key, filter)
      return filter
    },
    routes: () => (routes ??= openHostRoutes(commands)),
    sysctls: openSysctls({ root: '/proc/sys', file: `${root === '/' ? '' : root}/etc/sysctl.d/99-fairlead.conf` }),
    checkpoints: openMachineCheckpoints(stateDirectory, emergency),
    network: openNetworkState({ stateDirectory, log }),
  }
}

export interface KernelOptions {
  /** Path of `bin/fairlead-panic`, for when a way back fails. */
  readonly emergency?: string | undefined
  /** Milliseconds, instead of what programs say. */
  readonly confirmTimeoutMs?: number | undefined
}

/** @throws Failure SETTING_INVALID for a confirm timeout that is none */
export function openKernel(machine: Machine, metrics: MetricsPort, options: KernelOptions = {}): KernelPorts {
  const reader = openKernelReader(machine, options.emergency)
  const commands = openCommands()
  return {
    ports: {
      ...reader,
      ...checkedTimeout(options.confirmTimeoutMs),
      probes: openProbes({ commands }),
      clock: machine.clock,
      log: machine.log,
      metrics,
    },
    events: openNetworkEvents({ commands, log: machine.log, poll: legacyFingerprint(commands) }),
  }
}

/** A document may ask for five minutes at most; whoever types it may wait for an hour. */
const timeouts = { leastMs: 10_000, mostMs: 3_600_000 } as const

function checkedTimeout(confirmTimeoutMs: number | undefined): { readonly confirmTimeoutMs?: number } {
  if (confirmTimeoutMs === undefined) return {}
  if (confirmTimeoutMs >= timeouts.leastMs && confirmTimeoutMs <= timeouts.mostMs) return { confirmTimeoutMs }
  throw new Failure(`--confirm-timeout: ${confirmTimeoutMs / 1000} s is not between 10 s and 1 h`, {
    code: 'SETTING_INVALID',
    where: '--confirm-timeout',
    fix: 'write 10s, 5m or 1h',
    retry: 'never',
  })
}

function openFilter(plane: Plane, backend: IptablesBackend | undefined): PacketFilterPort {
  const commands = openCommands()
  if (plane === 'nft') return openNft({ commands })
  return openIptables({ commands, ...(backend === undefined ? {} : { backend }) })
}
