import type { Cause, Impact } from '../../domain/change.ts'
import type { NetworkChange } from '../../domain/network-change.ts'
import type { NetworkProgram } from '../../domain/network-program.ts'
import type { FilterChain } from '../../domain/packet-filter.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'
import { routeText, routingRuleText } from '../routes/route-text.ts'
import { type ChainChange, chainChanges, describeChain } from './filter-changes.ts'
import { chainRisk, routeRisk, routingRuleRisk, sysctlRisk } from './risk.ts'

/**
 * What the step from one program to the next changes in a node's kernel, additions before removals.
 * @param protectedPeers addresses that the node must be able to answer
 */
export function programChanges(
  before: NetworkProgram | undefined,
  after: NetworkProgram | undefined,
  protectedPeers: readonly string[] = [],
): readonly NetworkChange[] {
  const changes = [
    ...chainChanges(before?.filter, after?.filter).map(chainChange),
    ...planeChange(before, after),
    ...routeChanges(before, after, protectedPeers),
    ...ruleChanges(before, after),
    ...sysctlChanges(before, after),
    ...cleanupChanges(before, after),
  ]
  return changes.toSorted((a, b) => order[a.effect] - order[b.effect])
}

const order = { create: 0, change: 1, remove: 2 } as const

const newConnections = (reason: string): Impact => ({ kind: 'NewConnections', reason })

function chainChange(change: ChainChange): NetworkChange {
  const risk = chainRisk(change)
  const impact = isSilent(change)
    ? ({ kind: 'None', reason: 'no rule decides otherwise about traffic' } as const)
    : newConnections('packets are judged by other rules')
  return { kind: 'filter', ...describeChain(change), cause: 'Revision', impact, ...risky(risk) }
}

/** Rules that only log, and those of a chain that no packet goes through. */
function isSilent({ before, after, added, removed, isReordered, changedSets }: ChainChange): boolean {
  if (before?.entry === undefined && after?.entry === undefined && isAnchor(after ?? before)) return true
  return !isReordered && changedSets.length === 0 && [...added, ...removed].every(({ action }) => action.kind === 'log')
}

function isAnchor(chain: FilterChain | undefined): boolean {
  return chain?.name === 'FAIRLEAD-ANCHOR'
}

function planeChange(before: NetworkProgram | undefined, after: NetworkProgram | undefined): NetworkChange[] {
  if (before?.filter === undefined || after?.filter === undefined || before.plane === after.plane) return []
  return [
    {
      kind: 'filter',
      effect: 'change',
      id: 'filter:plane',
      what: `packet filter moves from ${before.plane} to ${after.plane}`,
      origin: 'spec.firewall.plane',
      cause: 'Revision',
      impact: newConnections('rules are loaded by another mechanism'),
      risk: 'the same rules stand elsewhere in the path of packets',
    },
  ]
}

function routeChanges(
  before: NetworkProgram | undefined,
  after: NetworkProgram | undefined,
  peers: readonly string[],
): NetworkChange[] {
  return pairs(before?.routes ?? [], after?.routes ?? []).map(({ old, next }) => {
    const route = next ?? old
    const risk = routeRisk(route, peers)
    return {
      ...changeOf('route', route.id, { old, next }, `${routeText(route)}`, route.origin),
      impact: newConnections(`packets to ${route.to} go another way`),
      ...risky(risk),
    }
  })
}

function ruleChanges(before: NetworkProgram | undefined, after: NetworkProgram | undefined): NetworkChange[] {
  return pairs(before?.routingRules ?? [], after?.routingRules ?? []).map(({ old, next }) => {
    const rule = next ?? old
    return {
      ...changeOf('routing-rule', rule.id, { old, next }, routingRuleText(rule), rule.origin),
      impact: newConnections('packets are looked up in another routing table'),
      risk: routingRuleRisk(rule),
    }
  })
}

function sysctlChanges(before: NetworkProgram | undefined, after: NetworkProgram | undefined): NetworkChange[] {
  return pairs(before?.sysctls ?? [], after?.sysctls ?? []).map(({ old, next }) => {
    const setting = next ?? old
    const what = next === undefined ? `${setting.key} as it was before` : `${setting.key} = ${setting.value}`
    return {
      ...changeOf('sysctl', setting.id, { old, next }, what, setting.origin),
      impact: newConnections('the kernel works with another setting'),
      ...risky(sysctlRisk(setting)),
    }
  })
}

/** Only what the step itself leaves behind: on a node whose past is not known, nothing can be said. A cleanup that is no longer asked for undoes nothing. */
function cleanupChanges(before: NetworkProgram | undefined, after: NetworkProgram | undefined): NetworkChange[] {
  if (before === undefined) return []
  const known = new Set(before.cleanups.map(({ id }) => id))
  return (after?.cleanups ?? [])
    .filter(({ id }) => !known.has(id))
    .map(({ id, cleanup, origin }) => ({
      kind: 'cleanup',
      effect: 'remove',
      id,
      what: `what ${cleanup} leaves behind, once it is gone`,
      origin,
      cause: 'Revision',
      impact: { kind: 'None', reason: 'only what nobody keeps any more is removed' },
    }))
}

type Pair<T> = { readonly old: T | undefined; readonly next: T } | { readonly old: T; readonly next: undefined }

/** Items by id, of those that differ. */
function pairs<T extends { readonly id: string; readonly origin: string }>(
  before: readonly T[],
  after: readonly T[],
): Pair<T>[] {
  const known = new Map(before.map((one) => [one.id, one]))
  const wanted = new Set(after.map(({ id }) => id))
  const changed = after.flatMap((next) => {
    const old = known.get(next.id)
    return old !== undefined && sameItem(old, next) ? [] : [{ old, next }]
  })
  return [...changed, ...before.filter(({ id }) => !wanted.has(id)).map((old) => ({ old, next: undefined }))]
}

/** Where in the documents it stands makes no difference to a kernel, nor does the order of keys, which a disk does not keep. */
function sameItem<T extends { readonly origin: string }>(a: T, b: T): boolean {
  return JSON.stringify(sortedKeys({ ...a, origin: '' })) === JSON.stringify(sortedKeys({ ...b, origin: '' }))
}

function changeOf(
  kind: NetworkChange['kind'],
  id: string,
  { old, next }: { readonly old: unknown; readonly next: unknown },
  what: string,
  origin: string,
): Pick<NetworkChange, 'kind' | 'effect' | 'id' | 'what' | 'origin' | 'cause'> {
  const cause: Cause = 'Revision'
  if (next === undefined) return { kind, effect: 'remove', id, what, origin: 'no longer wanted', cause }
  return { kind, effect: old === undefined ? 'create' : 'change', id, what, origin, cause }
}

function risky(risk: string | undefined): { readonly risk?: string } {
  return risk === undefined ? {} : { risk }
}
