import * as z from 'zod'
import { familyOf } from '../domain/cidr.ts'
import { asRecord } from '../domain/plain-json.ts'

/** What a value must satisfy across its parts; `problem-messages.ts` says for each what is wrong and how to mend it. */
export type RuleName =
  | 'exactlyOne'
  | 'onlyOne'
  | 'atLeastOne'
  | 'portsNeedProtocol'
  | 'oneOfEachFamily'
  | 'icmpTypeNeedsProtocol'
  | 'familiesMeet'
  | 'everybodyNotDenied'
  | 'nobodyMeant'
  | 'noReject'
  | 'noOutInterface'
  | 'valueInsideMask'
  | 'burstFitsRate'
  | 'limitedPortsFit'
  | 'notrackIsNarrow'

/** One of these fields is written, and no other of them. */
export function exactlyOne(...fields: readonly string[]) {
  return rule('exactlyOne', (value) => writtenFields(value, fields) === 1, fields)
}

export function onlyOne(...fields: readonly string[]) {
  return rule('onlyOne', (value) => writtenFields(value, fields) <= 1, fields)
}

/** An empty list, which is what an absent one has become, says nothing. */
export function atLeastOne(...fields: readonly string[]) {
  const says = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0)
  return rule('atLeastOne', (value) => fields.some((field) => says(asRecord(value)[field])), fields)
}

/** Ports mean something to TCP, UDP and SCTP only. */
export const portsNeedProtocol = rule('portsNeedProtocol', (value) => {
  const { ports, notPorts, sourcePorts, protocol } = asRecord(value)
  const hasPorts = [ports, notPorts, sourcePorts].some((list) => list !== undefined)
  return !hasPorts || ['tcp', 'udp', 'sctp'].includes(String(protocol))
})

/** At most one IPv4 and one IPv6 entry. */
export const oneOfEachFamily = rule('oneOfEachFamily', (value) => {
  const families = Array.isArray(value) ? value.filter((item) => typeof item === 'string').map(familyOf) : []
  return new Set(families).size === families.length
})

/** A rule by its name; `fields` are told to the reader. */
export function rule(name: RuleName, holds: (value: unknown) => boolean, fields: readonly string[] = []) {
  const check = z.refine(holds, { params: { rule: name, fields } })
  // Also when other fields are wrong: all problems come in one run.
  check._zod.def.when = (payload) => typeof payload.value === 'object' && payload.value !== null
  return check
}

function writtenFields(value: unknown, fields: readonly string[]): number {
  const record = asRecord(value)
  return fields.filter((field) => record[field] !== undefined).length
}
