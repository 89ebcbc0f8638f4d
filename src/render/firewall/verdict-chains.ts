import type { LogLevel, PacketAction, PacketMatch, RateLimit, RuleOrigin } from '../../domain/packet-filter.ts'
import { holdsVendorWord } from '../../domain/vendor-words.ts'
import type { DraftRule } from './filter-chains.ts'

/** A rule of a list that says yes or no, in one address family. */
export interface VerdictRule {
  readonly matches: readonly PacketMatch[]
  readonly action: 'Accept' | 'Drop' | 'Reject'
  readonly log?: { readonly prefix: string; readonly level: LogLevel }
  readonly origin: RuleOrigin
}

/**
 * The chain in mangle: what a Drop matches first ends here, what anything else matches first goes on. What comes after
 * the last Drop has nothing to decide here.
 * @param failsafes with `return`; they come first
 */
export function denyingChain(rules: readonly VerdictRule[], failsafes: readonly DraftRule[]): readonly DraftRule[] {
  const last = rules.findLastIndex(({ matches, action }) => action === 'Drop' && matches.length > 0)
  if (last < 0) return []
  const decided = rules.slice(0, last + 1)
  return [
    ...failsafes,
    ...decided.flatMap((rule) =>
      rule.action === 'Drop' ? logged(rule, { kind: 'drop' }) : withAction(rule, { kind: 'return' }),
    ),
  ]
}

/**
 * The chain in filter: what a Drop matched first never gets here, so that the others alone decide as the whole list
 * would.
 * @param failsafes with `accept`
 */
export function acceptingChain(rules: readonly VerdictRule[], failsafes: readonly DraftRule[]): readonly DraftRule[] {
  const asked = rules.filter(({ matches, action }) => action !== 'Drop' && matches.length > 0)
  if (asked.length === 0) return []
  return [
    ...failsafes,
    ...asked.flatMap((rule) => (rule.action === 'Accept' ? logged(rule, { kind: 'accept' }) : logged(rule, 'reject'))),
  ]
}

/** Before translation there is no filter table: a rule that lets through writes its line here. */
export function earlyChain(rules: readonly VerdictRule[], failsafes: readonly DraftRule[]): readonly DraftRule[] {
  const last = rules.findLastIndex(
    ({ matches, action, log }) => matches.length > 0 && (action === 'Drop' || log !== undefined),
  )
  if (last < 0) return []
  const decided = rules.slice(0, last + 1)
  return [
    ...failsafes,
    ...decided.flatMap((rule) => logged(rule, rule.action === 'Drop' ? { kind: 'drop' } : { kind: 'return' })),
  ]
}

/** Of each line that a rule may write: a flood of packets is no flood of lines. */
const logLimit: RateLimit = { packets: 10, per: 'minute', burst: 5, perSource: false }
const longestPrefix = 29

/** The begin of a log line for a rule that does not write its own. */
export function logPrefixOf(name: string): string {
  const prefix = `fairlead ${name}: `
  if (holdsVendorWord(prefix)) return 'fairlead: '
  return prefix.length <= longestPrefix ? prefix : `${prefix.slice(0, longestPrefix - 2)}: `
}

function logged(rule: VerdictRule, action: PacketAction | 'reject'): readonly DraftRule[] {
  const { log, matches, origin } = rule
  const lines =
    log === undefined
      ? []
      : matches.map((match) => ({
          match: { ...match, limit: logLimit },
          action: { kind: 'log', ...log } as const,
          origin,
        }))
  return [...lines, ...withAction(rule, action)]
}

function withAction({ matches, origin }: VerdictRule, action: PacketAction | 'reject'): readonly DraftRule[] {
  return matches.map((match) => ({ match, action: action === 'reject' ? rejection(match) : action, origin }))
}

/** A TCP client takes a reset for what it is at once; everybody else is told that nobody listens. */
function rejection({ protocol }: PacketMatch): PacketAction {
  return { kind: 'reject', with: protocol === 'tcp' ? 'tcp-reset' : 'port-unreachable' }
}
