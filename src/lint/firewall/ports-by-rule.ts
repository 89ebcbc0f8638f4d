import type { DocumentRule } from './document-firewall.ts'

type Named = Pick<DocumentRule, 'at' | 'name'>

/** One entry a rule, whichever nodes it is for, with the ports that it was found for: `22, 6443, 10250`. */
export function portsByRule<By extends Named>(
  found: readonly { readonly by: By; readonly port: number }[],
): readonly { readonly by: By; readonly ports: string }[] {
  const groups = Map.groupBy(found, ({ by }) => JSON.stringify([by.name, by.at.place]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const ports = [...new Set(group.map(({ port }) => port))].sort((a, b) => a - b)
    return [{ by: first.by, ports: ports.join(', ') }]
  })
}
