import { mainTable, type NextHop, type RoutingRuleArtefact, routeProtocol } from '../../domain/host-route.ts'
import type { ObservedRoute, ObservedRule, RouteWrite } from '../../domain/host-routes.ts'

/** The words of one line of `ip -batch`, without the family. Every word is of our own making or was parsed. */
export function writeLine(write: RouteWrite): string {
  switch (write.kind) {
    case 'add-route':
    case 'replace-route': {
      const { route, protocol } = write
      const verb = write.kind === 'add-route' ? 'add' : 'replace'
      return line('route', verb, routeWords({ ...route, protocol, flags: [] }))
    }
    case 'remove-route':
      return removeRouteLine(write.route)
    case 'restore-route':
      return line('route', restoreVerb(write.route), routeWords(write.route))
    case 'add-rule':
      return ruleLine('add', { ...write.rule, protocol: routeProtocol, isNegated: false })
    case 'remove-rule':
      return ruleLine('del', write.rule)
  }
}

/** A route told with everything that tells it from others, so that no other one is removed. */
export function removeRouteLine(route: ObservedRoute): string {
  // A set of next hops of IPv6 is removed as a whole only when none of them is named.
  const isSet = route.family === 6 && route.nextHops.length > 1
  return line('route', 'del', routeWords({ ...route, ...(isSet ? { nextHops: [] } : {}), attributes: [] }))
}

export function replaceRouteLine(route: ObservedRoute): string {
  return line('route', 'replace', routeWords(route))
}

/** Beside others with the same destination: a second IPv6 gateway would become a part of the first one's route. */
export function putBackRouteLine(route: ObservedRoute): string {
  const isMerged = route.family === 6 && route.nextHops.some(({ via }) => via !== undefined)
  return line('route', isMerged ? 'add' : 'append', routeWords(route))
}

export function ruleLine(
  verb: 'add' | 'del',
  rule: Omit<ObservedRule, 'action'> & { readonly action: ObservedRule['action'] },
): string {
  const { from, to, fwmark, inInterface, outInterface, isNegated, selectors = [] } = rule
  return line('rule', verb, [
    ...(isNegated ? ['not'] : []),
    'pref',
    String(rule.priority),
    'protocol',
    String(rule.protocol),
    'from',
    from ?? 'all',
    ...(to === undefined ? [] : ['to', to]),
    ...(fwmark === undefined ? [] : ['fwmark', `${fwmark.value}/${fwmark.mask}`]),
    ...(inInterface === undefined ? [] : ['iif', inInterface]),
    ...(outInterface === undefined ? [] : ['oif', outInterface]),
    ...selectors,
    ...actionWords(rule.action),
  ])
}

/** The kernel may have the network on several interfaces; of others it is the one place that is taken. */
function restoreVerb({ protocol }: ObservedRoute): string {
  return protocol === 2 ? 'append' : 'replace'
}

function routeWords(route: Omit<ObservedRoute, 'type'> & { readonly type: string }): readonly string[] {
  const { family, metric, mtuBytes, preferredSource, scope, tos, attributes = [] } = route
  return [
    route.type,
    route.to,
    ...(tos === undefined || tos === 0 ? [] : ['tos', String(tos)]),
    ...(route.table === mainTable ? [] : ['table', String(route.table)]),
    'proto',
    String(route.protocol),
    ...(metric === 0 && family === 4 ? [] : ['metric', String(metric)]),
    ...(scope === undefined || family === 6 ? [] : ['scope', scope]),
    ...(preferredSource === undefined ? [] : ['src', preferredSource]),
    ...(mtuBytes === undefined ? [] : ['mtu', String(mtuBytes)]),
    ...attributes,
    ...hopWords(route.nextHops),
  ]
}

function hopWords(hops: readonly NextHop[]): readonly string[] {
  if (hops.length === 1) return hops.flatMap(wordsOfHop)
  return hops.flatMap((hop) => ['nexthop', ...wordsOfHop(hop), 'weight', String(hop.weight ?? 1)])
}

function wordsOfHop({ via, dev, onlink }: NextHop): readonly string[] {
  return [
    ...(via === undefined ? [] : ['via', via]),
    ...(dev === undefined ? [] : ['dev', dev]),
    ...(onlink === true ? ['onlink'] : []),
  ]
}

function actionWords(action: RoutingRuleArtefact['action'] | ObservedRule['action']): readonly string[] {
  switch (action.kind) {
    case 'lookup': {
      const { table, suppressPrefixBits } = action
      return [
        'lookup',
        String(table),
        ...(suppressPrefixBits === undefined ? [] : ['suppress_prefixlength', String(suppressPrefixBits)]),
      ]
    }
    case 'other':
      return []
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
      return [action.kind]
  }
}

const lineForm = /^(route|rule) [A-Za-z0-9./:@_ -]+$/

/** Names of interfaces may hold more than the tool's own words do; what would be read as something else is refused. */
function line(object: 'route' | 'rule', verb: string, words: readonly string[]): string {
  const text = [object, verb, ...words].join(' ')
  if (!lineForm.test(text) || words.some((word) => word === '' || word.includes(' '))) {
    throw new Error(`not a line for ip: ${JSON.stringify(text)}`)
  }
  return text
}
