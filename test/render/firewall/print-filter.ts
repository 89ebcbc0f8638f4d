import type {
  FamilyFilter,
  FilterRule,
  PacketAction,
  PacketMatch,
  PortMatch,
} from '../../../src/domain/packet-filter.ts'

/** One family of a program as text, a line a rule: `FAIRLEAD-INPUT mangle INPUT`, then `  ssh: tcp to 22 -> return`. */
export function printFilter({ sets, chains }: FamilyFilter): string {
  return [
    ...sets.map(({ name, members }) => `set ${name}: ${members.join(' ')}`),
    ...chains.flatMap(({ name, table, entry, rules }) => [
      [name, table, entry?.hook ?? '(not called)', ...order(entry)].join(' '),
      ...rules.map((rule) => `  ${printRule(rule)}`),
    ]),
  ].join('\n')
}

function order(entry: { readonly before: readonly string[]; readonly after: readonly string[] } | undefined): string[] {
  const list = (word: string, names: readonly string[]) => (names.length === 0 ? [] : [`${word} ${names.join(',')}`])
  return entry === undefined ? [] : [...list('before', entry.before), ...list('after', entry.after)]
}

function printRule({ match, action, origin }: FilterRule): string {
  return `${origin.name}: ${[...printMatch(match), '->', printAction(action)].join(' ')}`
}

function printMatch(match: PacketMatch): readonly string[] {
  const part = <Value>(value: Value | undefined, print: (value: Value) => string): readonly string[] =>
    value === undefined ? [] : [print(value)]
  const not = (negated: boolean) => (negated ? 'not ' : '')
  const address = (word: string) => (one: NonNullable<PacketMatch['source']>) =>
    `${not(one.negated)}${word} ${one.kind === 'set' ? one.set : one.cidr}`
  const link = (word: string) => (one: NonNullable<PacketMatch['inInterface']>) =>
    `${not(one.negated)}${word} ${one.name}${one.isPrefix ? '+' : ''}`
  const ports = (word: string) => (one: PortMatch) =>
    `${not(one.negated)}${word} ${one.ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',')}`
  return [
    ...part(match.source, address('from')),
    ...part(match.destination, address('to')),
    ...part(match.inInterface, link('in')),
    ...part(match.outInterface, link('out')),
    ...part(match.protocol, String),
    ...part(match.sourcePorts, ports('sport')),
    ...part(match.destinationPorts, ports('dport')),
    ...part(match.icmp, ({ type, code }) => (code === undefined ? `type ${type}` : `type ${type}/${code}`)),
    ...part(match.states, (states) => states.join(',')),
    ...part(match.mark, ({ value, mask, negated }) => `${not(negated)}mark ${hex(value)}/${hex(mask)}`),
    ...part(match.destinationIsLocal, () => 'local'),
    ...part(match.tcpSyn, () => 'syn'),
    ...part(
      match.limit,
      ({ packets, per, burst, perSource }) => `${packets}/${per} burst ${burst}${perSource ? ' per source' : ''}`,
    ),
  ]
}

function printAction(action: PacketAction): string {
  switch (action.kind) {
    case 'reject':
      return `reject ${action.with}`
    case 'log':
      return `log ${action.level} ${JSON.stringify(action.prefix)}`
    case 'clampMss':
      return `clamp ${action.to}`
    case 'dscp':
      return `dscp ${action.value}`
    case 'mark':
      return `mark ${hex(action.value)}/${hex(action.mask)}`
    case 'jump':
      return `jump ${action.chain}`
    case 'accept':
    case 'drop':
    case 'return':
    case 'keepSource':
    case 'masquerade':
    case 'notrack':
      return action.kind
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
