import type { LinkAddress, ObservedLink } from '../../domain/host-routes.ts'
import { asList, asRecord, type Json, numberIn, textIn, textsIn } from '../../domain/plain-json.ts'

/**
 * `ip -j -d addr`: links with their kind, and their addresses.
 * @see iproute2 ip/ipaddress.c, print_linkinfo, print_addrinfo
 */
export function parseLinks(json: unknown): readonly ObservedLink[] {
  return asList(json)
    .map(asRecord)
    .filter((item) => textIn(item['ifname']) !== undefined)
    .map(parseLink)
}

function parseLink(item: Json): ObservedLink {
  const flags = textsIn(item['flags'])
  const kind = textIn(asRecord(item['linkinfo'])['info_kind'])
  const master = textIn(item['master'])
  return {
    name: textIn(item['ifname']) ?? '',
    index: numberIn(item['ifindex']) ?? 0,
    isUp: flags.includes('UP'),
    hasCarrier: flags.includes('LOWER_UP'),
    mtuBytes: numberIn(item['mtu']) ?? 0,
    ...(kind === undefined ? {} : { kind }),
    ...(master === undefined ? {} : { master }),
    addresses: asList(item['addr_info']).map(asRecord).flatMap(parseAddresses),
  }
}

function parseAddresses(item: Json): readonly LinkAddress[] {
  const local = textIn(item['local'])
  const bits = numberIn(item['prefixlen'])
  if (local === undefined || bits === undefined) return []
  const peer = textIn(item['address'])
  const metric = numberIn(item['metric'])
  return [
    {
      address: `${local}/${bits}`,
      noPrefixRoute: item['noprefixroute'] === true,
      ...(peer === undefined ? {} : { peer }),
      ...(metric === undefined ? {} : { metric }),
      ...(item['dynamic'] === true ? { isDynamic: true as const } : {}),
    },
  ]
}
