import { patienceLeftMs } from './agent-patience.ts'
import { isToBeRevoked, unusedLeftMs } from './ended-permits.ts'
import { asksForPermit, hasLooked, isToBeMended, isUnheard, type NodeStanding } from './node-standing.ts'
import { obstacleOf, type RolloutObstacle } from './rollout-obstacle.ts'
import { type Halt, haltOf, nothingYet, type Rollout, rolloutsOf } from './rollouts.ts'
import { type Unavailable, unavailableOf, whyOut } from './unavailable-nodes.ts'

export interface PermitPolicy {
  /** `spec.rollout.maxUnavailable`; less than 1 is 1. */
  readonly maxUnavailable: number
}

export interface PermitDecision {
  readonly grant: readonly Permit[]
  /** Permits that are over, that nobody used in time, or of nodes that are excluded. */
  readonly revoke: readonly Permit[]
  /** A risky change that went wrong: nobody else begins with that revision. The first by name, where there are several. */
  readonly halted?: Halt
  /** Nodes that ask and have to wait, by name. */
  readonly waiting: readonly { readonly node: string; readonly because: string }[]
  /** Some wait, nothing goes on by itself, and this node is the reason. */
  readonly obstacle?: RolloutObstacle
  /** Nodes that rollouts go on without, by name; absent: none. */
  readonly excluded?: readonly string[]
  /** After so long the same standings are decided otherwise; absent: only they change the decision. */
  readonly againInMs?: number
}

export interface Permit {
  readonly node: string
  /** `digest` of the NodeProgram. */
  readonly program: string
}

/**
 * Who may begin a risky change now. One node of a revision goes ahead alone, an agent before any server; once its program is
 * in force the others follow, `maxUnavailable` at once and never two of one failure group. A change that was taken back
 * halts its revision until another one comes, or until it is tried again there and succeeds. Next to nothing is remembered:
 * the standings say it all, so that a new leader decides the same, or is the more careful one.
 */
export function decidePermits(nodes: readonly NodeStanding[], policy: PermitPolicy): PermitDecision {
  const named = nodes.toSorted(byName)
  const standings = named.toSorted((a, b) => rankOf(a) - rankOf(b))
  const limit = Math.max(1, Math.floor(policy.maxUnavailable))
  const rollouts = rolloutsOf(named)
  const out = unavailableOf(standings)
  const granted = new Set<NodeStanding>()
  const waiting: { node: string; because: string }[] = []
  const waits = standings.flatMap((standing) => unusedLeftMs(standing) || [])
  for (const standing of standings.filter(isCandidate).toSorted(healthyFirst)) {
    const { revision } = standing.published
    const rollout = rollouts.get(revision) ?? nothingYet
    const hold = notNow(standing) ?? waitsForRollout(standing, rollout) ?? waitsForOthers(standing, out, limit)
    if (hold === undefined) {
      granted.add(standing)
      out.add(standing)
      rollouts.set(revision, { ...rollout, ahead: rollout.ahead ?? standing })
    } else {
      waiting.push({ node: standing.node, because: hold.because })
      if (hold.forMs !== undefined) waits.push(hold.forMs)
    }
  }
  if (waiting.length > 0) waits.push(...standings.filter(isUnheard).flatMap((one) => patienceLeftMs(one) || []))
  const halted = haltIn(rollouts, standings.filter(isCandidate))
  const obstacle = waiting.length === 0 || granted.size > 0 || halted !== undefined ? undefined : obstacleOf(named)
  const excluded = named.filter(({ isExcluded = false }) => isExcluded).map(({ node }) => node)
  return {
    grant: [...granted].map(({ node, published }) => ({ node, program: published.digest })),
    revoke: named
      .filter((standing) => isToBeRevoked(standing) && !granted.has(standing))
      .map(({ node, permit = '' }) => ({ node, program: permit })),
    ...(halted === undefined ? {} : { halted }),
    waiting: waiting.toSorted(byName),
    ...(obstacle === undefined ? {} : { obstacle }),
    ...(excluded.length === 0 ? {} : { excluded }),
    ...(waits.length === 0 ? {} : { againInMs: waits.reduce((least, wait) => Math.min(least, wait)) }),
  }
}

function isCandidate(standing: NodeStanding): boolean {
  return asksForPermit(standing) && standing.isExcluded !== true
}

/** What was taken back is told in any case; what merely fails halts a rollout only while somebody waits for it. */
function haltIn(rollouts: ReadonlyMap<string, Rollout>, asking: readonly NodeStanding[]): Halt | undefined {
  const asked = new Set(asking.map(({ published }) => published.revision))
  const halts = [...rollouts.values()].flatMap(({ halt }) => halt ?? []).toSorted(byName)
  return halts.map(haltOf).find(({ isFailure = false, revision }) => !isFailure || asked.has(revision))
}

interface Hold {
  readonly because: string
  /** When nothing but time is missing. */
  readonly forMs?: number
}

function notNow(standing: NodeStanding): Hold | undefined {
  if (standing.isSilent === true) return { because: 'nobody hears of the node' }
  return hasLooked(standing) ? undefined : { because: 'its agent has not looked at what is published now' }
}

function waitsForRollout({ role, published }: NodeStanding, rollout: Rollout): Hold | undefined {
  const { halt, isProven, ahead, late } = rollout
  if (halt !== undefined) return { because: haltedBy(haltOf(halt)) }
  if (isProven) return undefined
  if (ahead !== undefined) {
    return { because: `${ahead.node} goes ahead alone with ${published.revision} (${whyOut(ahead)})` }
  }
  if (role !== 'server' || late === undefined) return undefined
  return { because: `an agent goes before a server, and ${late.node} may yet ask`, forMs: patienceLeftMs(late) }
}

function haltedBy({ revision, node, reason }: Halt): string {
  return `${revision} is halted by ${node}: ${reason}`
}

const shownNames = 3

function waitsForOthers(standing: NodeStanding, out: Unavailable, limit: number): Hold | undefined {
  for (const group of standing.failureGroups) {
    const other = out.inGroup(group, standing)
    if (other !== undefined) {
      return { because: `${other.node} of the same group ${group} is unavailable (${whyOut(other)})` }
    }
  }
  const others = out.others(standing)
  if (others.length < limit) return undefined
  const names = others.slice(0, shownNames).map((other) => `${other.node} (${whyOut(other)})`)
  const more = others.length > names.length ? ` and ${others.length - names.length} more` : ''
  return { because: `maxUnavailable is ${limit}, and unavailable: ${names.sort().join(', ')}${more}` }
}

/** One that fails is given its turn as well: nothing else may mend it. */
function healthyFirst(a: NodeStanding, b: NodeStanding): number {
  return Number(isToBeMended(a)) - Number(isToBeMended(b))
}

function rankOf({ role }: NodeStanding): number {
  return role === 'server' ? 1 : 0
}

function byName(a: { readonly node: string }, b: { readonly node: string }): number {
  return a.node < b.node ? -1 : a.node > b.node ? 1 : 0
}
