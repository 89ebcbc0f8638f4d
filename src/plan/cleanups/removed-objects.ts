import type { Removal } from '../../domain/leftovers.ts'

/** The objects that a removal takes away, each by a name that says the same after it was made again. */
export function removedObjects(removal: Removal): readonly string[] {
  switch (removal.kind) {
    case 'chains': {
      const { backend, family, table, chains, rules } = removal
      const home = `${backend} ${family} ${table}`
      return [
        ...chains.map((name) => `chain ${home} ${name}`),
        ...rules.map((rule) => `rule ${home} ${rule.join(' ')}`),
      ]
    }
    case 'sets':
      return removal.names.map((name) => `set ${name}`)
    case 'nft-table':
      return [`table ${removal.family} ${removal.name}`]
    case 'link':
      return [`link ${removal.name}`]
    case 'route': {
      const { family, table, to, via, device } = removal.route
      return [`route ${family} ${table} ${to} ${via ?? ''} ${device ?? ''}`]
    }
    case 'file':
      return [`file ${removal.path}`]
    case 'routing-rule': {
      const { family, priority, table, fwmark } = removal.rule
      return [`rule ${family} ${priority} ${table} ${fwmark?.value ?? ''}`]
    }
    case 'add-routing-rule':
      return []
    default:
      return removal satisfies never
  }
}
