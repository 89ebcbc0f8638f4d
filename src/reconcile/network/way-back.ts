import type { InverseStep } from '../../domain/inverse.ts'
import type { KernelPlan } from './kernel-plan.ts'
import type { KernelState } from './kernel-state.ts'
import type { NetworkReadPorts } from './network-ports.ts'

/** What takes the kernel from anywhere within a plan back to where it is now: routes, packet filter, then settings. */
export async function wayBack(
  plan: KernelPlan,
  state: KernelState,
  ports: NetworkReadPorts,
  signal: AbortSignal,
): Promise<readonly InverseStep[]> {
  const writes = [...plan.additions, ...plan.removals]
  const routes =
    state.hostRoutes === undefined || writes.length === 0
      ? []
      : (await ports.routes()).inverse(writes, state.hostRoutes)
  const filters: InverseStep[] = []
  for (const { plane } of plan.planes)
    filters.push(...(await ports.filter(plane, plan.program?.backend).inverse(signal)))
  const settings = [
    ...plan.sysctls.writes.map(({ artefact, found }) => ({ path: artefact.path, text: found })),
    ...plan.sysctls.releases.map(({ path }) => ({ path, text: state.sysctls.get(path.join('/')) ?? '' })),
  ]
  return [
    ...filters,
    ...routes,
    ...settings
      .toReversed()
      .filter(({ text }) => text !== '')
      .map(({ path, text }): InverseStep => ({ kind: 'write', path: `/proc/sys/${path.join('/')}`, text })),
  ]
}
