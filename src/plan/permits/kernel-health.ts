import type { NodeProgramStatus, TimedCondition } from '../../domain/published-program.ts'

/** What an agent says of packet filter, routes and settings; undefined where nobody asked for any, or it never looked. */
export function kernelCondition({ conditions }: NodeProgramStatus): TimedCondition | undefined {
  return conditions.find(({ type }) => type === 'KernelReady')
}

/**
 * The kernel refused, or was not reached. A kernel that merely waits, for a permit, a confirmation or an interface, holds
 * what was confirmed before.
 */
export function kernelFails(status: NodeProgramStatus): boolean {
  const kernel = kernelCondition(status)
  if (kernel !== undefined) return kernel.status === 'False' && failureCode.test(kernel.reason)
  if (status.verdict !== 'failed') return false
  // Where the kernel says nothing, another part may have: manifests that cannot be applied put no node out.
  return !status.conditions.some(
    ({ type, status: value, reason }) => value === 'False' && reason === status.reason && !summaries.has(type),
  )
}

/** Failures are told by their code, everything else in CamelCase. */
const failureCode = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/
const summaries: ReadonlySet<string> = new Set(['Ready', 'Reconciling', 'Stalled'])
