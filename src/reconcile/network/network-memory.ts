import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { NetworkFights } from '../network-fights.ts'
import type { ProbeRound } from '../probe-rounds.ts'
import { type CleanupMemory, newCleanupMemory } from './cleanup-memory.ts'
import { newPodRouteMemory, type PodRouteMemory } from './pod-route-repairs.ts'

/** A risky change that this process began. Another process that finds it on the disk takes it back. */
export interface Trial {
  readonly id: string
  readonly wanted: ConfirmedNetwork
  readonly applied: { readonly ok: true } | { readonly ok: false; readonly message: string; readonly isBusy: boolean }
  rounds: readonly ProbeRound[]
  nextRoundAtMs: number
}

/** What a process learns from pass to pass. Losing it costs time, never correctness. */
export interface NetworkMemory {
  readonly fights: NetworkFights
  trial: Trial | undefined
  /** What an earlier process left open has been ended. */
  recovered: boolean
  /** What is in force was looked at once by this process. */
  held: boolean
  /** The last program that the simulation judged, so that an open refusal is not worked out again by every pass. */
  judged: { readonly digest: string; readonly atMs: number; readonly refusals: readonly string[] } | undefined
  readonly podRoutes: PodRouteMemory
  readonly cleanups: CleanupMemory
  /** It was told how to keep systemd-networkd from taking routing rules away. */
  advised: boolean
  /** Who was seen writing last, where the kernel tells. */
  writer: string
}

export function newNetworkMemory(): NetworkMemory {
  return {
    fights: new NetworkFights(),
    trial: undefined,
    recovered: false,
    held: false,
    judged: undefined,
    podRoutes: newPodRouteMemory(),
    cleanups: newCleanupMemory(),
    advised: false,
    writer: '',
  }
}
