import type { Failure } from '../../domain/failure.ts'
import type { NetworkChange } from '../../domain/network-change.ts'
import { applyKernelPlan } from './apply-kernel-plan.ts'
import { describeKernelPlan, planKernel } from './kernel-plan.ts'
import { readKernel } from './kernel-state.ts'
import type { NetworkPorts } from './network-ports.ts'

export interface Released {
  readonly changes: readonly NetworkChange[]
  readonly failures: readonly Failure[]
}

/**
 * Takes everything of ours out of this kernel: rules on either plane, routes and rules of our protocol number, settings
 * that are still as we set them. What marks it as ours is in the kernel itself, so that a lost inventory hides nothing.
 */
export async function releaseNetwork(ports: NetworkPorts, signal: AbortSignal): Promise<Released> {
  const known = await ports.network.readInventory()
  const inventory = { ...known, planes: ['iptables', 'nft'], written: [...known.written, 'anything'] } as const
  const state = await readKernel(undefined, inventory, ports, signal)
  const plan = planKernel(undefined, state, inventory)
  // A tool that is not installed has left nothing behind.
  const unread = state.failures.filter(({ detail }) => !detail.code.endsWith('_UNSUPPORTED'))
  const { failures } = await applyKernelPlan(
    plan,
    { inventory, isWhole: unread.length === 0, isTrial: false },
    ports,
    signal,
  )
  return { changes: describeKernelPlan(plan, 'Revision').changes, failures: [...unread, ...failures] }
}
