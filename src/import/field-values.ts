import { familyOf, parseAddress, parseCidr } from '../domain/cidr.ts'

/** Forms that fields of the documents have, for texts that K3s was told; a text that does not have it is no such value. */

export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && text.split('.').every(isDnsLabel)
}

export function isDnsLabel(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
}

/** One or two networks, of different families. */
export function areRanges(texts: readonly string[]): boolean {
  return isOneOfEachFamily(texts) && texts.every((text) => parseCidr(text)?.hasHostBits === false)
}

/** One or two addresses, of different families. */
export function areAddresses(texts: readonly string[]): boolean {
  return isOneOfEachFamily(texts) && texts.every((text) => parseAddress(text) !== undefined)
}

/** `30000-32767`. */
export function isPortRange(text: string): boolean {
  const [, first, last] = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/.exec(text) ?? []
  return first !== undefined && Number(first) <= Number(last) && Number(last) <= 65_535
}

export function isInterface(text: string): boolean {
  return /^[^\s/:.-][^\s/:]{0,14}$/.test(text)
}

export function isK3sRelease(text: string): boolean {
  return /^v1\.(0|[1-9]\d?)\.(0|[1-9]\d?)(-(alpha|beta|rc)\d+)?\+k3s\.?[1-9]\d?$/.test(text)
}

function isOneOfEachFamily(texts: readonly string[]): boolean {
  return texts.length > 0 && texts.length < 3 && new Set(texts.map(familyOf)).size === texts.length
}
