import { type Address, type AddressFamily, type Cidr, familyOf, parseAddress, parseCidr } from '../../domain/cidr.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { clusterDnsOf } from '../cluster-dns.ts'
import { type EffectiveSettings, itemsOf } from '../config/effective-settings.ts'

/** The ranges and addresses of a cluster as one server understands them. */
export interface AddressPlan {
  readonly pods: readonly PlannedRange[]
  readonly services: readonly PlannedRange[]
  readonly dns: readonly PlannedAddress[]
  /** The family of the server's first address, which decides about defaults; undefined where nobody knows it. */
  readonly nodeFamily: AddressFamily | undefined
}

export interface PlannedRange {
  readonly key: RangeKey
  readonly text: string
  /** Absent for a text that is no network. */
  readonly cidr?: Cidr
  /** Where it is written; absent for a default. */
  readonly at?: LocatedLine
}

export interface PlannedAddress {
  readonly text: string
  /** Absent for a text that is no address. */
  readonly address?: Address
  /** Where it is written; absent for a default. */
  readonly at?: LocatedLine
}

type RangeKey = 'cluster-cidr' | 'service-cidr'

/**
 * What the settings of a server say about addresses, with K3s's defaults for what they do not. The defaults have the
 * family of the server's first address; where that is unknown, the family of whatever is written, else IPv4.
 *
 * @param nodeAddresses what the node announces now, for a node that is not told its addresses
 * @see k3s-io/k3s pkg/cli/server/server.go, pkg/util/net.go (`GetDefaultAddresses`)
 */
export function addressPlanOf(settings: EffectiveSettings, nodeAddresses: readonly string[]): AddressPlan {
  const nodeFamily = firstFamily(itemsOf(settings, 'node-ip').map((item) => item.text)) ?? firstFamily(nodeAddresses)
  const written = ['cluster-cidr', 'service-cidr', 'cluster-dns'].flatMap((key) => itemsOf(settings, key))
  const family = nodeFamily ?? firstFamily(written.map((item) => item.text)) ?? 4
  const services = rangesOf(settings, 'service-cidr', family)
  return {
    pods: rangesOf(settings, 'cluster-cidr', family),
    services,
    dns: dnsOf(settings, services),
    nodeFamily,
  }
}

/**
 * The families of some ranges in their order; undefined where one of them is no network, or where it is a default and
 * nobody knows which.
 */
export function familiesOf(plan: AddressPlan, ranges: readonly PlannedRange[]): readonly AddressFamily[] | undefined {
  const known = ranges.flatMap(({ cidr, at }) =>
    cidr === undefined || (at === undefined && plan.nodeFamily === undefined) ? [] : [cidr.family],
  )
  return known.length === ranges.length ? known : undefined
}

function rangesOf(settings: EffectiveSettings, key: RangeKey, family: AddressFamily): readonly PlannedRange[] {
  const written = itemsOf(settings, key)
  if (written.length === 0) return [withCidr({ key, text: defaultRanges[key][family] })]
  return written.map(({ text, at }) => withCidr({ key, text, at }))
}

function withCidr(range: PlannedRange): PlannedRange {
  const cidr = parseCidr(range.text)
  return cidr === undefined ? range : { ...range, cidr }
}

function dnsOf(settings: EffectiveSettings, services: readonly PlannedRange[]): readonly PlannedAddress[] {
  const written = itemsOf(settings, 'cluster-dns')
  if (written.length === 0)
    return clusterDnsOf(services.map((range) => range.text)).map((text) => withAddress({ text }))
  return written.map(({ text, at }) => withAddress({ text, at }))
}

function withAddress(planned: PlannedAddress): PlannedAddress {
  const address = parseAddress(planned.text)
  return address === undefined ? planned : { ...planned, address }
}

function firstFamily(texts: readonly string[]): AddressFamily | undefined {
  return texts[0] === undefined || texts[0] === '' ? undefined : familyOf(texts[0])
}

const defaultRanges: Readonly<Record<RangeKey, Readonly<Record<AddressFamily, string>>>> = {
  'cluster-cidr': { 4: '10.42.0.0/16', 6: 'fd00:42::/56' },
  'service-cidr': { 4: '10.43.0.0/16', 6: 'fd00:43::/112' },
}
