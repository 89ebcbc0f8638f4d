import type { CleanupPlan } from '../../domain/leftovers.ts'
import type { NetworkPlan } from '../../domain/network-change.ts'

/** More of one reason than this are counted. */
const shownOfEach = 3

/** What was found and stays, for a status: one line for each component and reason. */
export function reportKept(kept: CleanupPlan['kept']): NetworkPlan['reported'] {
  const groups = Map.groupBy(kept, ({ cleanup, reason }) => `${cleanup}\n${reason}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { cleanup, reason } = first
    const shown = group.slice(0, shownOfEach).map(({ what }) => what)
    const more = group.length > shownOfEach ? [`${group.length - shownOfEach} more`] : []
    const wayOut = reason.startsWith('needs a yes') ? `; fairlead cleanup --only ${cleanup} asks for it` : ''
    return [
      { kind: 'cleanup' as const, what: `${cleanup}: ${[...shown, ...more].join(', ')}`, reason: `${reason}${wayOut}` },
    ]
  })
}
