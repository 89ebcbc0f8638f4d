import type { Plane } from '../domain/network-program.ts'
import { originText } from '../plan/packet-path/own-rule-text.ts'
import type { Packet } from '../plan/packet-path/packet.ts'
import { addressText, type Simulation } from '../plan/packet-path/simulate-packet.ts'
import type { Cause, Step } from '../plan/packet-path/walk.ts'
import type { Colours } from './colour.ts'
import { printable } from './printable.ts'
import { formatTable } from './table.ts'

/** One packet, what decided about it, and what it went through. */
export interface Trace {
  readonly packet: Packet
  /** Where the program is from. */
  readonly source: string
  readonly plane: Plane
  readonly simulation: Simulation
  readonly notes: readonly string[]
}

export interface TraceStyle {
  readonly colours: Colours
  readonly columns: number | undefined
}

/** The packet, every rule that matched, the verdict, and who asked for the rule that decided. */
export function formatTrace(trace: Trace, style: TraceStyle): string {
  return [heading(trace, style), steps(trace, style), verdict(trace, style), notes(trace)]
    .filter((one) => one !== '')
    .join('\n')
}

function heading({ packet, source, plane }: Trace, { colours }: TraceStyle): string {
  const { protocol, from, to, sourcePort, destinationPort, icmp, state, inInterface } = packet
  const ends = `${endpoint(from, sourcePort)} → ${endpoint(to, destinationPort)}`
  const type = icmp === undefined ? '' : ` type ${icmp.type}/${icmp.code}`
  const place = inInterface === undefined ? 'sent by this node' : `in by ${inInterface}`
  const line = `${protocol}${type} ${ends}, ${state.toLowerCase()}, ${place}`
  return `${colours.bold(printable(line))}\n${printable(source)}, plane ${plane}\n`
}

/** `10.0.0.1:80`, `[fd00::1]:80`, or the address alone. */
export function endpoint(address: string, port: number | undefined): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function steps({ simulation }: Trace, { columns }: TraceStyle): string {
  const rows = simulation.steps.map((step) => [
    step.hook,
    step.table ?? '-',
    step.chain ?? '-',
    step.effect,
    step.rule?.text() ?? '-',
    ownerOf(step),
  ])
  return formatTable([['HOOK', 'TABLE', 'CHAIN', 'EFFECT', 'RULE', 'ASKED FOR BY'], ...rows], { columns, wraps: true })
}

function ownerOf({ rule }: Step): string {
  return rule?.own === undefined ? '-' : originText(rule.own.origin)
}

function verdict({ simulation }: Trace, { colours: { green, red, yellow, bold } }: TraceStyle): string {
  const { verdict: found } = simulation
  if (found.kind === 'accepted') return `${bold(green(found.way))}${changes(simulation)}\n`
  if (found.kind === 'uncertain') return `${bold(yellow('uncertain'))}\n${found.possible.map(maybe).join('')}`
  return `${bold(red(found.kind))}${causeText(found.by)}\n${askedFor(found.by)}`
}

/** What was translated on the way. */
function changes({ packet }: Simulation): string {
  const port = (value: bigint | undefined) => (value === undefined ? undefined : Number(value))
  const to = endpoint(addressText(packet, 'to'), port(packet.values.destinationPort))
  return [
    packet.isDestinationTranslated ? `, to ${to}` : '',
    packet.isSourceTranslated ? `, as ${addressText(packet, 'from')}` : '',
    packet.outInterface === undefined ? '' : `, by ${packet.outInterface}`,
  ].join('')
}

function causeText({ table, chain, effect }: Cause): string {
  return table === undefined ? `: ${printable(effect)}` : ` by ${printable(`${table} ${chain ?? ''}`)}`
}

function maybe(cause: Cause): string {
  return `  may be ${cause.outcome}${causeText(cause)}\n${askedFor(cause)}`
}

function askedFor({ rule, effect }: Cause): string {
  const text = rule?.text() ?? effect
  const own = rule?.own === undefined ? '' : `  asked for by  ${printable(originText(rule.own.origin))}\n`
  return `  rule  ${printable(text)}\n${own}`
}

function notes({ simulation, notes: more }: Trace): string {
  return [...simulation.notes, ...more].map((note) => `note  ${printable(note)}\n`).join('')
}
