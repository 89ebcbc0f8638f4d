import type { FilterChain, FilterProgram, FilterRule, Hook, PacketMatch } from '../../domain/packet-filter.ts'
import type { GuardRefusal } from './guard-findings.ts'

/** Chains that deny everything although nothing before lets in those who must be. @see node-networking §4.5.4 */
export function unguardedDenials({ v4, v6 }: FilterProgram): readonly GuardRefusal[] {
  return [...v4.chains, ...v6.chains].flatMap((chain) => {
    const at = chain.rules.findIndex(deniesAll)
    const rule = chain.rules[at]
    if (rule === undefined || !isGuarded(chain)) return []
    const isSafe = chain.rules.slice(0, at).some(({ origin }) => origin.kind === 'failsafe')
    return isSafe ? [] : [refusalOf(chain, rule)]
  })
}

const guarded: readonly Hook[] = ['PREROUTING', 'INPUT', 'OUTPUT']

function isGuarded({ entry }: FilterChain): boolean {
  return entry !== undefined && guarded.includes(entry.hook)
}

function deniesAll({ match, action }: FilterRule): boolean {
  return (action.kind === 'drop' || action.kind === 'reject') && matchesAll(match)
}

/** Everything to the node is everything that matters. */
function matchesAll(match: PacketMatch): boolean {
  return Object.entries(match).every(([part, value]) => value === undefined || part === 'destinationIsLocal')
}

function refusalOf({ table, name }: FilterChain, rule: FilterRule): GuardRefusal {
  return {
    code: 'DENY_WITHOUT_FAILSAFE',
    origin: rule.origin,
    chain: `${table} ${name}`,
    rule: `-j ${rule.action.kind.toUpperCase()}`,
    isCertain: true,
  }
}
