import type { LeftoverRule, Removal } from '../../domain/leftovers.ts'

/** One removal for people: what, how much, and where. */
export function describeRemoval(removal: Removal): string {
  switch (removal.kind) {
    case 'chains': {
      const { chains, rules, table, backend, family } = removal
      const parts = [
        ...(chains.length === 0 ? [] : [counted(chains.length, 'chain', chains)]),
        ...(rules.length === 0 ? [] : [`${rules.length} ${rules.length === 1 ? 'rule' : 'rules'} in chains of others`]),
      ]
      return `${parts.join(' and ')}, table ${table} (${backend}, ${family})`
    }
    case 'sets':
      return counted(removal.names.length, 'ipset', removal.names)
    case 'nft-table':
      return `nft table ${removal.family} ${removal.name}`
    case 'link':
      return `device ${removal.name}`
    case 'route': {
      const { to, via, device, table } = removal.route
      const way = [...(via === undefined ? [] : [`via ${via}`]), ...(device === undefined ? [] : [`dev ${device}`])]
      return ['route', to, ...way, ...(table === 254 ? [] : [`table ${table}`])].join(' ')
    }
    case 'file':
      return `file ${removal.path}, to the quarantine`
    case 'routing-rule':
      return `routing rule ${describeRule(removal.rule)}`
    case 'add-routing-rule':
      return `routing rule ${describeRule(removal.rule)} is put back first`
  }
}

function counted(count: number, word: string, names: readonly string[]): string {
  const shown = names.slice(0, 2).join(', ')
  return `${count} ${word}${count === 1 ? '' : 's'} (${shown}${count > 2 ? ', …' : ''})`
}

function describeRule({ family, priority, table, fwmark }: LeftoverRule): string {
  const mark = fwmark === undefined ? '' : ` fwmark 0x${fwmark.value.toString(16)}/0x${fwmark.mask.toString(16)}`
  return `${priority}:${mark} lookup ${table === 255 ? 'local' : table} (${family})`
}
