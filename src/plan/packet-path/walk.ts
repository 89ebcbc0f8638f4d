import type { Hook } from '../../domain/packet-filter.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { Certainty } from './certainty.ts'
import type { BaseChain, CompiledChain, CompiledRule, Ruleset, TableName } from './compiled-rule.ts'
import { effectText } from './effect-text.ts'
import type { Travelling } from './packet.ts'
import { applyChange } from './packet-changes.ts'

/** One rule that matched, or may match, on the way of a packet. */
export interface Step {
  readonly hook: Hook | 'routing'
  readonly table: TableName | undefined
  readonly chain: string | undefined
  readonly rule: CompiledRule | undefined
  /** `accept`, `mark becomes 0x4000`, `policy DROP`. */
  readonly effect: string
  readonly isCertain: boolean
}

/** One rule or policy that decides, or may decide. */
export interface Cause extends Step {
  readonly outcome: 'accepted' | 'dropped' | 'rejected' | 'translated'
}

/** A packet, what it met, and everything that could also have happened to it. */
export interface Journey {
  readonly ruleset: Ruleset
  readonly packet: Travelling
  readonly steps: Step[]
  readonly possible: Cause[]
  readonly notes: Set<string>
  /** How many rules were asked. */
  asked: number
  /** Addresses for translations that name none. */
  readonly addressOf: (interfaceName: string | undefined) => bigint | undefined
}

/** Asks one base chain. @returns what surely ended the packet there; accepting ends it for this chain only */
export function walkBase(journey: Journey, hook: Hook, base: BaseChain): Cause | undefined {
  const walk: Walk = { journey, hook, table: base.table, mayBeAccepted: false, doubts: 0, depth: 0, entered: 0 }
  const end = walkChain(walk, base.chain)
  if (end !== undefined) return finish(walk, end)
  if (base.chain.policy !== 'DROP') return undefined
  const step: Step = {
    hook,
    table: base.table,
    chain: base.chain.name,
    rule: undefined,
    effect: 'policy DROP',
    isCertain: !walk.mayBeAccepted,
  }
  journey.steps.push(step)
  return finish(walk, { ...step, outcome: 'dropped' })
}

/** What comes after a rule that may have accepted the packet only may happen. */
function finish({ journey, mayBeAccepted }: Walk, cause: Cause): Cause | undefined {
  if (!mayBeAccepted) return cause
  if (cause.outcome !== 'accepted') journey.possible.push(cause)
  return undefined
}

interface Walk {
  readonly journey: Journey
  readonly hook: Hook
  readonly table: TableName
  /** Some rule may have accepted the packet for this table: nothing after it is sure. */
  mayBeAccepted: boolean
  /** How many of the chains around this one only may have been entered. */
  doubts: number
  depth: number
  entered: number
}

/** More than any kernel follows. */
const deepest = 64
const mostChains = 10_000

/** @returns what ends a packet that entered the chain; undefined when it comes out at the end */
function walkChain(walk: Walk, chain: CompiledChain): Cause | undefined {
  walk.entered += 1
  if (walk.depth > deepest || walk.entered > mostChains) {
    walk.journey.notes.add(`${chain.name} is not followed any further: the chains call each other without an end`)
    return undefined
  }
  // After a rule that may leave this chain, the rest of it only may be asked.
  let mayHaveLeft = false
  for (const rule of chain.rules) {
    walk.journey.asked += 1
    const asked = holds(rule, walk)
    if (asked === 'no') continue
    const isCertain = asked === 'yes' && !mayHaveLeft
    const step = stepOf(walk, chain, rule, isCertain)
    walk.journey.steps.push(step)
    const cause = follow(walk, step, rule, isCertain)
    if (cause !== undefined) {
      if (isCertain) return cause
      if (cause.outcome === 'accepted') walk.mayBeAccepted = true
      else walk.journey.possible.push({ ...cause, isCertain: false })
    }
    const leaves = rule.effect.kind === 'return' || rule.effect.kind === 'goto' || cause !== undefined
    // Whoever came this far has left here; the others left this chain before.
    if (leaves && asked === 'yes') return undefined
    if (leaves) mayHaveLeft = mayHaveLeft || cause === undefined
  }
  return undefined
}

function holds({ tests, isChoice }: CompiledRule, { journey, table }: Walk): Certainty {
  let answer: Certainty = 'yes'
  for (const test of tests) {
    const one = test(journey.packet)
    if (one === 'no') return 'no'
    if (one === 'maybe') answer = 'maybe'
  }
  if (answer === 'maybe' && isChoice && table === 'nat') {
    journey.notes.add('one of several endpoints is chosen at random; the first one is followed')
    return 'yes'
  }
  return answer
}

function stepOf(walk: Walk, chain: CompiledChain, rule: CompiledRule, isCertain: boolean): Step {
  const isSure = isCertain && isReached(walk)
  const what = effectText(rule.effect)
  return {
    hook: walk.hook,
    table: walk.table,
    chain: chain.name,
    rule,
    effect: isSure ? what : `may ${what}`,
    isCertain: isSure,
  }
}

function isReached({ doubts, mayBeAccepted }: Walk): boolean {
  return doubts === 0 && !mayBeAccepted
}

function follow(walk: Walk, step: Step, { effect }: CompiledRule, isCertain: boolean): Cause | undefined {
  const { journey, table } = walk
  switch (effect.kind) {
    case 'jump':
    case 'goto': {
      const next = journey.ruleset.chains.get(table)?.get(effect.chain)
      return next === undefined ? undefined : walkInner(walk, next, isCertain)
    }
    case 'accept':
    case 'keepSource':
      return { ...step, outcome: 'accepted' }
    case 'drop':
      return { ...step, outcome: 'dropped' }
    case 'reject':
      return { ...step, outcome: 'rejected' }
    case 'unknown':
      // It may end the packet, accept it, or do nothing at all.
      journey.possible.push({ ...step, outcome: 'dropped', isCertain: false })
      journey.notes.add(`nobody here knows what ${effect.what} does to a packet`)
      walk.mayBeAccepted = true
      return undefined
    case 'translateDestination':
    case 'redirect':
    case 'translateSource':
      if (step.isCertain) applyChange(journey, effect, true)
      else journey.possible.push({ ...step, outcome: 'translated' })
      return { ...step, outcome: 'accepted' }
    case 'mark':
    case 'connectionMark':
    case 'saveMark':
    case 'restoreMark':
    case 'notrack':
    case 'continue':
    case 'return':
      applyChange(journey, effect, step.isCertain)
      return undefined
    default:
      return unreachable(effect)
  }
}

function walkInner(walk: Walk, chain: CompiledChain, isCertain: boolean): Cause | undefined {
  walk.depth += 1
  if (!isCertain) walk.doubts += 1
  const cause = walkChain(walk, chain)
  if (!isCertain) walk.doubts -= 1
  walk.depth -= 1
  return cause
}
