import { type AddressFamily, addressBits } from '../../domain/cidr.ts'
import type { ObservedRule } from '../../domain/host-routes.ts'
import { asList, asRecord, type Json, numberIn, textIn } from '../../domain/plain-json.ts'
import { protocolNumber, tableNumber } from './parse-routes.ts'

/**
 * One family of `ip -j -d -N rule`.
 * @see iproute2 ip/iprule.c, print_rule
 */
export function parseRules(json: unknown, family: AddressFamily): readonly ObservedRule[] {
  return asList(json).map((item) => parseRule(asRecord(item), family))
}

/** @see kernel include/uapi/linux/fib_rules.h, FR_ACT_* */
const actions: Readonly<Record<string, 'blackhole' | 'unreachable' | 'prohibit'>> = {
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
  blackhole: 'blackhole',
  unreachable: 'unreachable',
  prohibit: 'prohibit',
}

function parseRule(item: Json, family: AddressFamily): ObservedRule {
  const from = network(item, 'src', 'srclen', family)
  const to = network(item, 'dst', 'dstlen', family)
  const mark = textIn(item['fwmark'])
  const inInterface = textIn(item['iif'])
  const outInterface = textIn(item['oif'])
  const selectors = selectorsOf(item)
  return {
    family,
    priority: numberIn(item['priority']) ?? 0,
    protocol: protocolNumber(textIn(item['protocol']) ?? '0'),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(mark === undefined
      ? {}
      : { fwmark: { value: Number(mark), mask: Number(textIn(item['fwmask']) ?? 0xffff_ffff) } }),
    ...(inInterface === undefined ? {} : { inInterface }),
    ...(outInterface === undefined ? {} : { outInterface }),
    isNegated: 'not' in item,
    ...(selectors.length === 0 ? {} : { selectors }),
    action: actionOf(item),
  }
}

function network(item: Json, name: string, length: string, family: AddressFamily): string | undefined {
  const address = textIn(item[name])
  if (address === undefined || address === 'all') return undefined
  const bits = numberIn(item[length]) ?? addressBits(family)
  return bits === 0 ? undefined : `${address}/${bits}`
}

function selectorsOf(item: Json): readonly string[] {
  const single = (name: string): readonly string[] => [wordIn(item[name])].flatMap((word) => word ?? [])
  const range = (name: string): readonly string[] => {
    const [first, last] = [wordIn(item[`${name}_start`]), wordIn(item[`${name}_end`])]
    return first === undefined || last === undefined ? single(name) : [`${first}-${last}`]
  }
  return [
    ...['tos', 'ipproto', 'tun_id'].flatMap((name) => single(name).flatMap((value) => [name, value])),
    ...['sport', 'dport'].flatMap((name) => range(name).flatMap((value) => [name, value])),
    ...range('uid').flatMap((value) => ['uidrange', value]),
    ...('l3mdev' in item ? ['l3mdev'] : []),
  ]
}

function wordIn(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function actionOf(item: Json): ObservedRule['action'] {
  const table = textIn(item['table'])
  const action = textIn(item['action'])
  const known = action === undefined ? undefined : actions[action]
  if (known !== undefined) return { kind: known }
  const suppressPrefixBits = numberIn(item['suppress_prefixlen'])
  const isPlain = table !== undefined && action === undefined && item['suppress_ifgroup'] === undefined
  if (!isPlain) return { kind: 'other', text: JSON.stringify(item) }
  return {
    kind: 'lookup',
    table: tableNumber(table),
    ...(suppressPrefixBits === undefined ? {} : { suppressPrefixBits }),
  }
}
