import { type AddressFamily, parseAddress } from '../domain/cidr.ts'
import type { ConnectionState, NamedProtocol } from '../domain/packet-filter.ts'
import { type Result, refusal, success } from '../domain/result.ts'
import type { Packet } from '../plan/packet-path/packet.ts'
import type { CommandCall } from './command.ts'

/** The packet that the options describe; the error is one sentence for people. */
export function packetFromOptions(options: CommandCall['options']): Result<Packet, string> {
  try {
    return success(readPacket(options))
  } catch (error) {
    if (error instanceof BadOption) return refusal(error.message)
    throw error
  }
}

class BadOption extends Error {}

function readPacket(options: CommandCall['options']): Packet {
  const from = addressOption(options, 'from')
  const to = addressOption(options, 'to')
  if (from.family !== to.family) throw new BadOption('--from and --to have to be of one family')
  const protocol = protocolOption(options, from.family)
  const hasPorts = protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp'
  const port = numberOption(options, 'port', 65_535)
  const sourcePort = numberOption(options, 'source-port', 65_535)
  if (hasPorts && port === undefined) throw new BadOption(`a packet of ${protocol} needs --port`)
  if (!hasPorts && (port ?? sourcePort) !== undefined) throw new BadOption(`${protocol} has no ports`)
  const mark = numberOption(options, 'mark', 0xffff_ffff)
  const inInterface = options['in']
  const icmp = icmpOption(options, protocol)
  return {
    family: from.family,
    from: from.text,
    to: to.text,
    protocol,
    state: stateOption(options),
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(hasPorts ? { sourcePort: sourcePort ?? usualSourcePort } : {}),
    ...(icmp === undefined ? {} : { icmp }),
    ...(mark === undefined ? {} : { mark }),
    ...(typeof inInterface === 'string' ? { inInterface } : {}),
  }
}

/** One that clients ask from. */
const usualSourcePort = 40_000

function addressOption(options: CommandCall['options'], name: string): { text: string; family: AddressFamily } {
  const text = options[name]
  if (typeof text !== 'string') throw new BadOption(`--${name} is needed: an address`)
  const address = parseAddress(text)
  if (address === undefined) throw new BadOption(`--${name} ${JSON.stringify(text)} is no address`)
  return { text, family: address.family }
}

const named: readonly NamedProtocol[] = ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6', 'esp', 'ah', 'gre']

function protocolOption(options: CommandCall['options'], family: AddressFamily): Packet['protocol'] {
  const text = options['protocol'] ?? 'tcp'
  const protocol = named.find((one) => one === text)
  if (protocol === 'icmp' && family === 6) return 'icmpv6'
  if (protocol === 'icmpv6' && family === 4) throw new BadOption('icmpv6 needs IPv6 addresses')
  if (protocol !== undefined) return protocol
  const number = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(number <= 255))
    throw new BadOption(`--protocol ${JSON.stringify(text)} is none: ${named.join(', ')}, or a number`)
  return number
}

function icmpOption(options: CommandCall['options'], protocol: Packet['protocol']): Packet['icmp'] {
  const isIcmp = protocol === 'icmp' || protocol === 'icmpv6'
  const text = options['icmp-type']
  if (typeof text !== 'string') return isIcmp ? { type: protocol === 'icmp' ? 8 : 128, code: 0 } : undefined
  const [, type, code = '0'] = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(text) ?? []
  if (type === undefined) throw new BadOption(`--icmp-type ${JSON.stringify(text)} is none: a number, or type/code`)
  if (!isIcmp) throw new BadOption('--icmp-type needs --protocol icmp or icmpv6')
  return { type: Number(type), code: Number(code) }
}

const states: Readonly<Record<string, ConnectionState>> = {
  new: 'NEW',
  established: 'ESTABLISHED',
  related: 'RELATED',
  invalid: 'INVALID',
  untracked: 'UNTRACKED',
}

function stateOption(options: CommandCall['options']): ConnectionState {
  const text = options['state'] ?? 'new'
  const state = typeof text === 'string' ? states[text] : undefined
  if (state === undefined) throw new BadOption(`--state is one of ${Object.keys(states).join(', ')}`)
  return state
}

/** Decimal, or hexadecimal after `0x`. */
function numberOption(options: CommandCall['options'], name: string, largest: number): number | undefined {
  const text = options[name]
  if (typeof text !== 'string') return undefined
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN
  if (!(value <= largest)) throw new BadOption(`--${name} ${JSON.stringify(text)} is no number up to ${largest}`)
  return value
}
