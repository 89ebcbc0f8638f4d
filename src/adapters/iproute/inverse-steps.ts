import { type RouteArtefact, routeProtocol } from '../../domain/host-route.ts'
import type { HostRoutes, ObservedRoute, RouteWrite } from '../../domain/host-routes.ts'
import type { InverseStep } from '../../domain/inverse.ts'
import { routeKey } from '../../domain/route-identity.ts'
import { putBackRouteLine, removeRouteLine, replaceRouteLine, ruleLine } from './route-arguments.ts'

/**
 * The way back from a list of writes, one batch for each family: what was there before comes back first, what came new goes
 * last. Every line may be run again; one that has nothing left to do is refused by the kernel, which is no error here.
 */
export function inverseSteps(ip: string, writes: readonly RouteWrite[], now: HostRoutes): readonly InverseStep[] {
  const before = new Map<string, ObservedRoute>()
  for (const route of now.routes) {
    if ((route.tos ?? 0) === 0 && !before.has(routeKey(route))) before.set(routeKey(route), route)
  }
  const undone = writes.toReversed().flatMap((write) => undo(write, before))
  return ([4, 6] as const).flatMap((family): readonly InverseStep[] => {
    const own = undone.filter((one) => one.family === family)
    if (own.length === 0) return []
    const lines = [...own.filter(({ isRemoval }) => !isRemoval), ...own.filter(({ isRemoval }) => isRemoval)]
    return [
      {
        kind: 'run',
        argv: [ip, `-${family}`, '-force', '-batch', '-'],
        input: `${lines.map(({ line }) => line).join('\n')}\n`,
        mayFail: true,
      },
    ]
  })
}

interface Undone {
  readonly family: 4 | 6
  readonly line: string
  readonly isRemoval: boolean
}

function undo(write: RouteWrite, before: ReadonlyMap<string, ObservedRoute>): readonly Undone[] {
  switch (write.kind) {
    case 'add-route':
    case 'replace-route': {
      const { family } = write.route
      const previous = before.get(routeKey(write.route))
      if (previous !== undefined) return [{ family, line: replaceRouteLine(previous), isRemoval: false }]
      return [{ family, line: removeRouteLine(asObserved(write.route, write.protocol)), isRemoval: true }]
    }
    case 'remove-route':
      return [{ family: write.route.family, line: putBackRouteLine(write.route), isRemoval: false }]
    case 'restore-route': {
      // A connected route stays: all others lean on it.
      const previous = before.get(routeKey(write.route))
      if (previous === undefined || previous.protocol !== routeProtocol) return []
      return [{ family: write.route.family, line: replaceRouteLine(previous), isRemoval: false }]
    }
    case 'add-rule': {
      const rule = { ...write.rule, protocol: routeProtocol, isNegated: false }
      return [{ family: write.rule.family, line: ruleLine('del', rule), isRemoval: true }]
    }
    case 'remove-rule':
      return [{ family: write.rule.family, line: ruleLine('add', write.rule), isRemoval: false }]
  }
}

function asObserved(route: RouteArtefact, protocol: number): ObservedRoute {
  return { ...route, protocol, flags: [] }
}
