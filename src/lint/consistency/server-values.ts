import { formatAddress, formatCidr, parseAddress, parseCidr } from '../../domain/cidr.ts'
import { addressPlanOf } from '../../k3s/addressing/address-plan.ts'
import { isSwitchedOn, itemsOf } from '../../k3s/config/effective-settings.ts'
import { defaultTexts } from '../../k3s/config/flag-defaults.ts'
import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import type { NodeSubject } from '../subject.ts'

/** What a server takes for a flag, in a form in which equal things are equal texts. */
export interface FlagReading {
  readonly texts: readonly string[]
  /** What it may be as well, where it is a default that depends on an address nobody knows. */
  readonly otherDefault?: string
}

/**
 * The value of a flag after defaulting, as K3s compares it: networks without host bits, addresses in one spelling, lists
 * in their order.
 * @see k3s-io/k3s pkg/cluster/bootstrap.go; k3s-networking §1.6
 */
export function readFlag(node: NodeSubject, key: string): FlagReading {
  const { settings } = node
  const flag = findFlag(key)
  if (flag?.type === 'boolean') return { texts: [String(isSwitchedOn(settings, key))] }
  const written = itemsOf(settings, key).map(({ text }) => text)
  // K3s trims the items, and their order means nothing.
  if (key === 'disable') return { texts: written.map((text) => text.trim()).sort() }
  if (written.length > 0) return { texts: (flag?.type === 'list' ? written : written.slice(-1)).map(inOneSpelling) }
  const defaults = familyDefaults[key]
  if (defaults === undefined) return { texts: [...defaultTexts(key, settings)] }
  const plan = addressPlanOf(settings, node.facts.addresses)
  const texts = plan[defaults.part].map(({ text }) => inOneSpelling(text))
  const follows = key === 'cluster-dns' && itemsOf(settings, 'service-cidr').length > 0
  const other = defaults.texts.find((text) => text !== texts[0])
  return plan.nodeFamily !== undefined || follows || other === undefined ? { texts } : { texts, otherDefault: other }
}

/** Whether two readings cannot be the same value. */
export function readingsDiffer(a: FlagReading, b: FlagReading): boolean {
  const possible = possibleTexts(b)
  return !possibleTexts(a).some((text) => possible.includes(text))
}

function possibleTexts({ texts, otherDefault }: FlagReading): readonly string[] {
  return [texts.join('\n'), ...(otherDefault === undefined ? [] : [otherDefault])]
}

/** `nothing` for a flag without a value. */
export function printReading({ texts }: FlagReading): string {
  return texts.length === 0 ? 'nothing' : texts.map((text) => (text === '' ? '""' : text)).join(', ')
}

/** Defaults that follow the family of the server's first address. */
const familyDefaults: Readonly<
  Record<string, { readonly part: 'pods' | 'services' | 'dns'; readonly texts: readonly string[] } | undefined>
> = {
  'cluster-cidr': { part: 'pods', texts: ['10.42.0.0/16', 'fd00:42::/56'] },
  'service-cidr': { part: 'services', texts: ['10.43.0.0/16', 'fd00:43::/112'] },
  'cluster-dns': { part: 'dns', texts: ['10.43.0.10', 'fd00:43::a'] },
}

function inOneSpelling(text: string): string {
  const cidr = parseCidr(text)
  if (cidr !== undefined) return formatCidr(cidr)
  const address = parseAddress(text)
  return address === undefined ? text : formatAddress(address)
}
