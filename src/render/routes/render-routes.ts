import { compareById } from '../../domain/artefact.ts'
import type { RouteArtefact, RoutingRuleArtefact, SysctlArtefact } from '../../domain/host-route.ts'
import { documentRoutes } from './document-routes.ts'
import { documentRules } from './document-rules.ts'
import { type EgressRule, renderEgress } from './egress.ts'
import type { PlacedNetwork, RefusedEntry, RouteContext } from './route-input.ts'
import { renderSysctls } from './sysctls.ts'

export interface RenderedRoutes {
  /** Sorted by id. */
  readonly routes: readonly RouteArtefact[]
  /** By family and priority, then by id. */
  readonly routingRules: readonly RoutingRuleArtefact[]
  /** In the order in which they are to be written. */
  readonly sysctls: readonly SysctlArtefact[]
  /** What the packet filter does for the ways out, in order. */
  readonly egressRules: readonly EgressRule[]
  /** What could not be carried out; `lint` tells each as a problem as well. */
  readonly refused: readonly RefusedEntry[]
}

/** Routes, routing rules and kernel settings of one node, from the NodeNetworks that select it. The same input gives the same bytes. */
export function renderRoutes(networks: readonly PlacedNetwork[], context: RouteContext): RenderedRoutes {
  const egress = renderEgress(networks, context)
  const rules = documentRules(networks)
  const routes = unique([...documentRoutes(networks), ...egress.routes])
  const routingRules = unique([...rules.rules, ...egress.routingRules])
  const settings = renderSysctls(networks, egress.sysctls)
  return {
    routes: routes.kept.toSorted(compareById),
    routingRules: routingRules.kept.toSorted(
      (a, b) => a.family - b.family || a.priority - b.priority || compareById(a, b),
    ),
    sysctls: settings.sysctls,
    egressRules: egress.filterRules,
    refused: [...routes.refused, ...rules.refused, ...routingRules.refused, ...egress.refused, ...settings.refused],
  }
}

/** The first of two with one id stays; the second is refused unless it says the same. */
function unique<T extends RouteArtefact | RoutingRuleArtefact>(
  items: readonly T[],
): { readonly kept: readonly T[]; readonly refused: readonly RefusedEntry[] } {
  const kept = new Map<string, T>()
  const refused: RefusedEntry[] = []
  for (const item of items) {
    const first = kept.get(item.id)
    if (first === undefined) kept.set(item.id, item)
    else if (content(first) !== content(item)) {
      refused.push({ origin: item.origin, reason: `${first.origin} has the same destination, metric and table` })
    }
  }
  return { kept: [...kept.values()], refused }
}

function content(item: RouteArtefact | RoutingRuleArtefact): string {
  return JSON.stringify({ ...item, origin: '' })
}
