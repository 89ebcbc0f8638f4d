import type { NodeNetwork } from '../../schema/documents.ts'
import { holdsRange, rangeOf } from '../flannel/ranges.ts'

type WrittenRule = NodeNetwork['spec']['firewall']['input'][number]

/**
 * Whether every packet of `later` is one of `earlier`, so that `later` is never asked. In doubt it is not: a limit lets
 * some packets by, and a negation is compared as it is written.
 */
export function covers(earlier: WrittenRule, later: WrittenRule): boolean {
  if (earlier.limit !== undefined) return false
  return (
    (earlier.protocol === undefined || earlier.protocol === later.protocol) &&
    isWithin(later.from, earlier.from) &&
    isWithin(later.to, earlier.to) &&
    portsWithin(later.ports, earlier.ports) &&
    portsWithin(later.sourcePorts, earlier.sourcePorts) &&
    listWithin(later.states, earlier.states) &&
    listWithin(later.families, earlier.families) &&
    asWritten.every((field) => earlier[field] === undefined || same(earlier[field], later[field]))
  )
}

const asWritten = [
  'notFrom',
  'notTo',
  'notPorts',
  'inInterface',
  'notInInterface',
  'outInterface',
  'notOutInterface',
  'icmpType',
  'mark',
] as const

function isWithin(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  if (outer === undefined) return true
  const ranges = outer.map(rangeOf)
  return (
    inner?.every((text) => {
      const range = rangeOf(text)
      return range !== undefined && ranges.some((one) => one !== undefined && holdsRange(one, range))
    }) === true
  )
}

type Ports = readonly (number | string)[]

function portsWithin(inner: Ports | undefined, outer: Ports | undefined): boolean {
  if (outer === undefined) return true
  const ranges = outer.map(portRange)
  return (
    inner?.map(portRange).every(([first, last]) => ranges.some((one) => one[0] <= first && last <= one[1])) === true
  )
}

export function portRange(port: number | string): readonly [number, number] {
  const [first = 0, last = first] = String(port).split('-').map(Number)
  return [first, last]
}

function listWithin(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  return outer === undefined || inner?.every((one) => outer.includes(one)) === true
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
