import type { HostRoutes, ObservedRoute, RouteWrite } from '../../domain/host-routes.ts'
import type { NetworkChange, NetworkPlan } from '../../domain/network-change.ts'
import type { PodRoutes } from '../../domain/pod-routes.ts'
import { routeKey } from '../../domain/route-identity.ts'
import {
  checkPodRoutes,
  type PodRouteCheck,
  type PodRouteFinding,
  repairAfterMs,
  staleAfterMs,
} from '../../plan/routes/check-pod-routes.ts'
import { routeText } from '../../plan/routes/route-text.ts'
import type { RefusedWrite } from '../../ports/host-routes-port.ts'
import type { NetworkPorts } from './network-ports.ts'

/** What a process remembers of the routes to pods. Losing it costs the wait before a repair. */
export interface PodRouteMemory {
  /** The nodes that the rest is about, as text. */
  wanted: string
  /** Routes that stood when these nodes were told: one that came later may belong to a node that is newer than the list. */
  standing: ReadonlySet<string>
  /** By the key of a finding, on a clock that nobody sets. */
  firstSeenMs: ReadonlyMap<string, number>
  /** Gateways of stale routes: when they were asked, and whether they answered. */
  asked: ReadonlyMap<string, { readonly atMs: number; readonly answered: boolean }>
  lookedAtMs: number
  /** What the last look told, for the passes until the next. */
  told: Pick<PodRouteOutcome, 'reported'>
}

export function newPodRouteMemory(): PodRouteMemory {
  return {
    wanted: '',
    standing: new Set(),
    firstSeenMs: new Map(),
    asked: new Map(),
    lookedAtMs: Number.NEGATIVE_INFINITY,
    told: { reported: [] },
  }
}

export interface PodRouteOutcome {
  readonly applied: readonly NetworkChange[]
  /** What is not as flannel ought to have it, and stays so for now or for good. */
  readonly reported: NetworkPlan['reported']
  /** Milliseconds until a finding is old enough to be repaired. */
  readonly revisitAfterMs?: number
}

type Ports = Pick<NetworkPorts, 'routes' | 'probes' | 'clock' | 'log'>

const askAgainMs = 60_000
const pingMs = 1_000

/**
 * Puts routes to the pods of other nodes back where flannel lost them, and takes away those of nodes that are gone.
 * @param now what the kernel holds
 * @param isCached the list of nodes comes from the disk and nobody confirmed it: nothing counts as stale
 */
export async function repairPodRoutes(
  wanted: PodRoutes | undefined,
  now: HostRoutes,
  memory: PodRouteMemory,
  ports: Ports,
  { isCached, signal }: { readonly isCached: boolean; readonly signal: AbortSignal },
): Promise<PodRouteOutcome> {
  if (wanted === undefined) {
    Object.assign(memory, newPodRouteMemory())
    return { applied: [], reported: [] }
  }
  const nodes = { ...wanted, isComplete: wanted.isComplete && !isCached }
  const text = JSON.stringify(nodes)
  if (text !== memory.wanted) {
    memory.wanted = text
    memory.standing = new Set(now.routes.map(standingKey))
    memory.asked = new Map()
  }
  const nowMs = ports.clock.monotonicMs()
  const lastedMs = ages(checkPodRoutes(nodes, now, { lastedMs: new Map() }).findings, memory, ports, nowMs)
  const answering = await answeringGateways(checkPodRoutes(nodes, now, { lastedMs }), memory, ports, signal)
  const { findings, repairs } = checkPodRoutes(nodes, now, { lastedMs, answering })
  const due = repairs.filter((write) => write.kind !== 'remove-route' || isStanding(write.route, memory))
  const refused = due.length === 0 ? [] : await (await ports.routes()).write(due, signal)
  for (const { write, message } of refused) ports.log.warn({ route: textOf(write), message }, 'a route was refused')
  const done = due.filter((write) => !refused.some((one) => one.write === write))
  for (const write of done) ports.log.info({ route: textOf(write), action: write.kind }, 'route to pods repaired')
  const repaired = new Set(done.map(destinationOf))
  const left = findings.filter(({ to }) => !repaired.has(to))
  // Tried again after the same wait.
  const again = left.filter(({ to }) => refused.some(({ write }) => destinationOf(write) === to))
  memory.firstSeenMs = new Map([...memory.firstSeenMs, ...again.map(({ key }) => [key, nowMs] as const)])
  const waits = left.map((finding) => waitOf(finding, lastedMs)).filter((ms) => ms > 0)
  return {
    applied: done.map(changeOf),
    reported: left.map((finding) => ({
      kind: 'pod-route',
      what: finding.to,
      reason: `${finding.what}${whyLeft(finding, memory, answering, refused)}`,
    })),
    ...(waits.length === 0 ? {} : { revisitAfterMs: Math.min(...waits) }),
  }
}

/** How long each finding has lasted; one that is gone is forgotten. */
function ages(
  findings: readonly PodRouteFinding[],
  memory: PodRouteMemory,
  { log }: Ports,
  nowMs: number,
): ReadonlyMap<string, number> {
  for (const { key, what } of findings) {
    if (!memory.firstSeenMs.has(key)) log.info({ finding: key }, what)
  }
  memory.firstSeenMs = new Map(findings.map(({ key }) => [key, memory.firstSeenMs.get(key) ?? nowMs]))
  return new Map([...memory.firstSeenMs].map(([key, sinceMs]) => [key, nowMs - sinceMs]))
}

/** A node that was taken out of the cluster may still stand there and forward: asked only before a route to it goes. */
async function answeringGateways(
  { repairs }: PodRouteCheck,
  memory: PodRouteMemory,
  { probes, clock }: Ports,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const gateways = repairs.flatMap((write) =>
    write.kind === 'remove-route' && isStanding(write.route, memory)
      ? write.route.nextHops.flatMap(({ via }) => via ?? [])
      : [],
  )
  const nowMs = clock.monotonicMs()
  const isDue = (host: string): boolean => nowMs - (memory.asked.get(host)?.atMs ?? -askAgainMs) >= askAgainMs
  const due = [...new Set(gateways)].filter(isDue)
  if (due.length > 0) {
    const questions = due.map((host) => ({ name: host, check: { kind: 'ping', host } as const, timeoutMs: pingMs }))
    const answers = await probes.run(questions, signal)
    // No answer counts only when it was waited for.
    signal.throwIfAborted()
    const told = answers.map(({ name, passed }) => [name, { atMs: nowMs, answered: passed }] as const)
    memory.asked = new Map([...memory.asked, ...told])
  }
  return new Set([...memory.asked].filter(([, { answered }]) => answered).map(([host]) => host))
}

function isStanding(route: ObservedRoute, { standing }: PodRouteMemory): boolean {
  return standing.has(standingKey(route))
}

function standingKey(route: ObservedRoute): string {
  return `${routeKey(route)} ${JSON.stringify(route.nextHops)}`
}

/** Why a finding is not repaired, where it could be. */
function whyLeft(
  { kind, to, found }: PodRouteFinding,
  memory: PodRouteMemory,
  answering: ReadonlySet<string>,
  refused: readonly RefusedWrite[],
): string {
  const message = refused.find(({ write }) => destinationOf(write) === to)?.message
  if (message !== undefined) return `; the kernel refused the repair: ${message}`
  if (kind !== 'stale' || found === undefined) return ''
  if (!isStanding(found, memory)) return '; it is newer than the list of nodes, and stays'
  return found.nextHops.some(({ via }) => via !== undefined && answering.has(via)) ? '; its gateway answers' : ''
}

/** Milliseconds until a finding is repaired; 0 for one that never is. */
function waitOf({ kind, key }: PodRouteFinding, lastedMs: ReadonlyMap<string, number>): number {
  const limits: Partial<Record<PodRouteFinding['kind'], number>> = {
    missing: repairAfterMs,
    'wrong-gateway': repairAfterMs,
    stale: staleAfterMs,
  }
  const limitMs = limits[kind]
  return limitMs === undefined ? 0 : Math.max(0, limitMs - (lastedMs.get(key) ?? 0))
}

function changeOf(write: RouteWrite): NetworkChange {
  const effects = { 'add-route': 'create', 'replace-route': 'change', 'remove-route': 'remove' } as const
  const what = textOf(write)
  return {
    kind: 'pod-route',
    effect: effects[write.kind as keyof typeof effects] ?? 'change',
    id: `pod-route:${destinationOf(write)}`,
    what,
    origin: 'spec.cni.flannel',
    cause: 'Drift',
    impact: { kind: 'NewConnections', reason: 'packets to pods of another node go another way' },
  }
}

function destinationOf(write: RouteWrite): string {
  return 'route' in write ? write.route.to : ''
}

function textOf(write: RouteWrite): string {
  return 'route' in write ? routeText({ ...write.route, type: 'unicast' }) : ''
}
