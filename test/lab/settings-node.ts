import { Failure } from '../../src/domain/failure.ts'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import type { ProbeSpec } from '../../src/domain/probe.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import type { Checkpoint, CheckpointPort } from '../../src/ports/checkpoint-port.ts'
import {
  type ConfirmedNetwork,
  emptyNetworkInventory,
  type NetworkInventory,
} from '../../src/ports/network-state-port.ts'
import type { LastGood } from '../../src/ports/node-state-port.ts'
import type { PermitPort } from '../../src/ports/permit-port.ts'
import { convergeNetwork } from '../../src/reconcile/network/converge-network.ts'
import { newNetworkMemory } from '../../src/reconcile/network/network-memory.ts'
import type { NetworkPorts } from '../../src/reconcile/network/network-ports.ts'
import { recordingLog } from './recording-log.ts'

const gateway: ProbeSpec = { name: 'gateway', check: { kind: 'gateway' }, timeoutMs: 1_000 }

/** A program that writes one kernel setting: `rp_filter` is a risk, `tcp_mtu_probing` is none. */
export function askingFor(name: string, ...settings: readonly (readonly [key: string, value: string])[]): LastGood {
  const network: NetworkProgram = {
    plane: 'iptables',
    routes: [],
    routingRules: [],
    sysctls: settings.map(([key, value]) => ({
      kind: 'sysctl',
      id: `sysctl:${key}` as never,
      key,
      path: key.split('.'),
      value,
      origin: 'spec.sysctls',
    })),
    cleanups: [],
    probes: [gateway],
    failsafe: { flows: [] },
    confirmTimeoutMs: 30_000,
  }
  const program = { cluster: 'home', node: 'n1', network } as unknown as NodeProgram
  return { program, revision: { name, commit: name, author: 'ada', subject: name } }
}

export const rpFilterKey = 'net.ipv4.conf.eth0.rp_filter'
export const probingKey = 'net.ipv4.tcp_mtu_probing'
export const risky = (name: string, value = '2'): LastGood => askingFor(name, [rpFilterKey, value])
export const harmless = (name: string): LastGood => askingFor(name, [probingKey, '1'])

/** A node whose settings are a map, whose probes answer as told, and whose checkpoints undo as their steps say. */
export function settingsNode(
  options: { readonly probes?: () => boolean; readonly refuse?: () => boolean; readonly permits?: PermitPort } = {},
) {
  const settings = new Map([
    ['net/ipv4/conf/eth0/rp_filter', '1'],
    ['net/ipv4/tcp_mtu_probing', '0'],
  ])
  const disk: { confirmed?: ConfirmedNetwork; trial?: ConfirmedNetwork; inventory: NetworkInventory } = {
    inventory: emptyNetworkInventory,
  }
  const clock = { ms: 0 }
  const history: (Checkpoint & { readonly undo: () => void; readonly armedMs: number })[] = []
  const newest = (): (typeof history)[number] | undefined => history.at(-1)
  const replace = (change: Partial<Checkpoint>): void => {
    const last = history.pop()
    if (last !== undefined) history.push({ ...last, ...change })
  }
  const checkpoints: CheckpointPort = {
    current: async () => newest(),
    recent: async () => history.toReversed(),
    recover: async () => undefined,
    arm: async ({ inverse, ...plan }) => {
      const undo = (): void => {
        for (const step of inverse) {
          if (step.kind === 'write') settings.set(step.path.replace('/proc/sys/', ''), step.text)
        }
      }
      const id = String(history.length + 1).padStart(6, '0')
      history.push({ ...plan, id, phase: 'armed', startedAt: '', undo, armedMs: clock.ms })
      return history.at(-1) as Checkpoint
    },
    advance: async (_id, phase) => replace({ phase }),
    times: async () => ({
      sinceMs: clock.ms - (newest()?.armedMs ?? 0),
      leftMs: 30_000 - clock.ms + (newest()?.armedMs ?? 0),
    }),
    confirm: async () => {
      if (newest()?.phase !== 'probing') return false
      replace({ phase: 'confirmed' })
      return true
    },
    rollBack: async (_id, reason) => {
      if (newest()?.phase === 'confirmed') return false
      newest()?.undo()
      replace({ phase: 'rolled-back', reason })
      return true
    },
  }
  const ports: NetworkPorts = {
    filter: () => {
      throw new Error('no packet filter is asked for')
    },
    routes: async () => ({
      read: async () => ({ routes: [], rules: [], links: [] }),
      write: async () => [],
      inverse: () => [],
    }),
    sysctls: {
      read: async (path) => settings.get(path.join('/')),
      write: async (path, value) => {
        if (options.refuse?.() === true) throw refused
        settings.set(path.join('/'), value)
      },
      persist: async () => undefined,
    },
    checkpoints,
    network: {
      readOlder: async () => [],
      readConfirmed: async () => disk.confirmed,
      writeConfirmed: async (value) => {
        disk.confirmed = value
      },
      readTrial: async () => disk.trial,
      writeTrial: async (value) => {
        disk.trial = value
      },
      readInventory: async () => disk.inventory,
      writeInventory: async (value) => {
        disk.inventory = value
      },
    },
    probes: {
      sessions: async () => [],
      run: async (probes) =>
        probes.map(({ name }) => ({ name, passed: options.probes?.() ?? true, tookMs: 1, message: '' })),
    },
    clock: {
      nowMs: () => clock.ms,
      monotonicMs: () => clock.ms,
      sleep: async () => undefined,
      schedule: () => () => undefined,
    },
    log: recordingLog(),
    metrics: { changeApplied: () => undefined } as unknown as NetworkPorts['metrics'],
    ...(options.permits === undefined ? {} : { permits: options.permits }),
  }
  let memory = newNetworkMemory()
  const pass = async (candidate: LastGood | undefined) =>
    await convergeNetwork(candidate, ports, memory, new AbortController().signal)
  return {
    ports,
    settings,
    disk,
    checkpoints,
    history,
    pass,
    restart: () => {
      memory = newNetworkMemory()
    },
    /** Passes as the loop makes them, until the verdict is no longer one that goes on by itself. */
    settle: async (candidate: LastGood, forMs = 60_000) => {
      const untilMs = clock.ms + forMs
      for (;;) {
        const outcome = await pass(candidate)
        const verdict = outcome?.verdict
        const waitMs = verdict !== undefined && 'revisitAfterMs' in verdict ? verdict.revisitAfterMs : undefined
        if (waitMs === undefined || clock.ms >= untilMs) return outcome
        clock.ms += Math.max(1, waitMs)
      }
    },
  }
}

const refused = new Failure('the kernel refused', { code: 'SYSCTL_REJECTED', where: 'x', fix: 'y', retry: 'soon' })
export const rpFilter = 'net/ipv4/conf/eth0/rp_filter'
