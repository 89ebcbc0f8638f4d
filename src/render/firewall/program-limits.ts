import type { FilterProgram } from '../../domain/packet-filter.ts'

/** How large a packet filter may be, in each address family, before somebody has to say that it is meant. */
const filterLimits = { rules: 10_000, chains: 200, setMembers: 100_000 } as const

interface ExceededLimit {
  readonly family: 4 | 6
  readonly what: keyof typeof filterLimits
  readonly found: number
  readonly limit: number
}

/** Limits that a program exceeds; compiling itself never refuses. */
export function exceededLimits(program: FilterProgram): readonly ExceededLimit[] {
  return ([4, 6] as const).flatMap((family) => {
    const { sets, chains } = family === 4 ? program.v4 : program.v6
    const found = {
      rules: chains.reduce((sum, { rules }) => sum + rules.length, 0),
      chains: chains.length,
      setMembers: sets.reduce((sum, { members }) => sum + members.length, 0),
    }
    return (['rules', 'chains', 'setMembers'] as const).flatMap((what) => {
      const limit = filterLimits[what]
      return found[what] > limit ? [{ family, what, found: found[what], limit }] : []
    })
  })
}
