import type { LeftoverRule, Leftovers } from '../../domain/leftovers.ts'
import { asList, asRecord } from '../../domain/plain-json.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { readFrom } from './programs.ts'

type Kernel = Pick<Leftovers, 'sets' | 'nftTables' | 'links' | 'routes' | 'routingRules'>

/** Sets, native tables, devices, routes and routing rules of this node. What has no program here has nothing to show. */
export async function readKernel(commands: CommandPort): Promise<Kernel> {
  const ask = async (program: string, ...args: readonly string[]) => (await readFrom(commands, program, args)) ?? ''
  const [sets, nftTables, links, routes4, routes6, rules4, rules6] = await Promise.all([
    ask('ipset', 'list', '-t'),
    ask('nft', 'list', 'tables'),
    ask('ip', '-j', '-d', 'link', 'show'),
    ask('ip', '-4', '-j', '-d', '-N', 'route', 'show', 'table', 'all'),
    ask('ip', '-6', '-j', '-d', '-N', 'route', 'show', 'table', 'all'),
    ask('ip', '-4', '-j', '-N', 'rule', 'show'),
    ask('ip', '-6', '-j', '-N', 'rule', 'show'),
  ])
  return {
    sets: parseSetHeaders(sets),
    nftTables: parseNftTables(nftTables),
    links: parseLinks(links),
    routes: [...parseRoutes(routes4, 'v4'), ...parseRoutes(routes6, 'v6')],
    routingRules: [...parseRules(rules4, 'v4'), ...parseRules(rules6, 'v6')],
  }
}

/** `ipset list -t`. */
export function parseSetHeaders(text: string): Leftovers['sets'] {
  return [...text.matchAll(/^Name: (.+)\nType: (.+)$/gm)].map(([, name = '', type = '']) => ({ name, type }))
}

/** `nft list tables`. */
export function parseNftTables(text: string): Leftovers['nftTables'] {
  return [...text.matchAll(/^table (\S+) (\S+)$/gm)].map(([, family = '', name = '']) => ({ family, name }))
}

/** `ip -j -d link show`. */
export function parseLinks(text: string): Leftovers['links'] {
  return recordsOf(text).flatMap(({ ifname, master, linkinfo }) => {
    if (typeof ifname !== 'string') return []
    const kind = asRecord(linkinfo)['info_kind']
    return {
      name: ifname,
      ...(typeof kind === 'string' ? { kind } : {}),
      ...(typeof master === 'string' ? { master } : {}),
    }
  })
}

/** RTN_*, as `ip -N` prints them (include/uapi/linux/rtnetlink.h). */
const routeTypes: Readonly<Record<string, string>> = {
  '1': 'unicast',
  '2': 'local',
  '3': 'broadcast',
  '4': 'anycast',
  '5': 'multicast',
  '6': 'blackhole',
  '7': 'unreachable',
  '8': 'prohibit',
}

/** `ip -j -d -N route show table all`. */
export function parseRoutes(text: string, family: AddressFamilyKey): Leftovers['routes'] {
  return recordsOf(text).flatMap((route) => {
    const { dst, dev, gateway, metric } = route
    if (typeof dst !== 'string') return []
    const isSeveral = route['nexthops'] !== undefined
    return {
      family,
      to: destination(dst, family),
      ...(typeof dev === 'string' ? { device: dev } : {}),
      ...(typeof gateway === 'string' ? { via: gateway } : {}),
      protocol: Number(route['protocol'] ?? 0),
      table: Number(route['table'] ?? 254),
      type: isSeveral ? 'multipath' : typeOf(route['type']),
      ...(typeof metric === 'number' ? { metric } : {}),
      ...(asList(route['flags']).includes('onlink') ? { onlink: true as const } : {}),
    }
  })
}

function typeOf(written: unknown): string {
  const text = typeof written === 'string' ? written : '1'
  return routeTypes[text] ?? text
}

/** `ip -j -N rule show`: rules for everybody and rules by mark. Others are nobody's leftovers. */
export function parseRules(text: string, family: AddressFamilyKey): readonly LeftoverRule[] {
  return recordsOf(text).flatMap((rule) => {
    const { priority, src, dst, iif, oif, not, fwmark, fwmask, table } = rule
    const isForAll = src === 'all' && dst === undefined && iif === undefined && oif === undefined && not === undefined
    if (typeof priority !== 'number' || !isForAll || table === undefined) return []
    const mark = fwmark === undefined ? undefined : Number(fwmark)
    const mask = fwmask === undefined ? 0xffff_ffff : Number(fwmask)
    return { family, priority, table: Number(table), ...(mark === undefined ? {} : { fwmark: { value: mark, mask } }) }
  })
}

/** As `RouteArtefact` has it: with its length, also for a single address. */
function destination(text: string, family: AddressFamilyKey): string {
  if (text === 'default') return family === 'v4' ? '0.0.0.0/0' : '::/0'
  return text.includes('/') ? text : `${text}/${family === 'v4' ? 32 : 128}`
}

/** Without any entry `ip` prints nothing, or an empty list. */
export function recordsOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  if (text.trim() === '') return []
  try {
    const value: unknown = JSON.parse(text)
    return asList(value).map(asRecord)
  } catch {
    return []
  }
}
