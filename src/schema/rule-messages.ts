import { asRecord } from '../domain/plain-json.ts'
import type { MessageText } from './form-messages.ts'
import type { RuleName } from './rules.ts'

interface RuleMessage {
  readonly code: string
  /** After the name of the value: `… has ports, but no protocol that has ports`. `*` stands for the fields. */
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** What is wrong with a value whose parts do not go together. */
export function ruleMessage(params: unknown, name: string): MessageText {
  const { rule, fields } = asRecord(params) as { readonly rule: RuleName; readonly fields: readonly string[] }
  const { code, what, why, fix } = ruleMessages[rule]
  return { code, what: `${name} ${what.replace('*', fields.join(', '))}`, why, fix }
}

const ruleMessages: Readonly<Record<RuleName, RuleMessage>> = {
  exactlyOne: {
    code: 'EXACTLY_ONE',
    what: 'needs exactly one of *',
    why: 'they exclude each other, and one is needed',
    fix: 'keep one of them',
  },
  onlyOne: {
    code: 'ONLY_ONE',
    what: 'has more than one of *',
    why: 'they exclude each other',
    fix: 'keep one of them',
  },
  atLeastOne: {
    code: 'AT_LEAST_ONE',
    what: 'needs at least one of *',
    why: 'without it nothing is said',
    fix: 'write one of them',
  },
  portsNeedProtocol: {
    code: 'PORTS_WITHOUT_PROTOCOL',
    what: 'has ports, but no protocol that has ports',
    why: 'only tcp, udp and sctp have ports',
    fix: 'write protocol: tcp, udp or sctp',
  },
  oneOfEachFamily: {
    code: 'FAMILY_TWICE',
    what: 'has two entries of one address family',
    why: 'K3s takes one for IPv4 and one for IPv6',
    fix: 'keep one of each',
  },
  icmpTypeNeedsProtocol: {
    code: 'ICMP_TYPE_WITHOUT_PROTOCOL',
    what: 'has an icmpType that its protocol does not have',
    why: 'IPv4 and IPv6 have messages and numbers of their own',
    fix: 'write protocol: icmp for IPv4 or icmpv6 for IPv6, and a message of that one',
  },
  familiesMeet: {
    code: 'FAMILIES_EXCLUDE',
    what: 'can never match',
    why: 'its addresses, its protocol and its families leave neither IPv4 nor IPv6',
    fix: 'write addresses of one family on both sides; icmp is IPv4, icmpv6 is IPv6',
  },
  everybodyNotDenied: {
    code: 'DENY_EVERYBODY',
    what: 'denies a range that holds every address, without ports',
    why: 'it reads like a rule for some and closes everything',
    fix: 'take the range out: a rule without addresses is for everybody (families: [IPv4] for one family); or name the ports',
  },
  nobodyMeant: {
    code: 'RULE_FOR_NOBODY',
    what: 'leaves out a range that holds every address',
    why: 'nothing is left that it could match',
    fix: 'name narrower ranges in notFrom or notTo',
  },
  noReject: {
    code: 'REJECT_BEFORE_TRANSLATION',
    what: 'rejects traffic to Services',
    why: 'before Services are translated the kernel can drop a packet, but not answer it',
    fix: 'write action: Drop',
  },
  noOutInterface: {
    code: 'OUT_INTERFACE_MISPLACED',
    what: 'names an interface by which packets leave',
    why: 'packets for the node itself, and those whose Service is not translated yet, have none',
    fix: 'move the rule to forward, or take the field out',
  },
  valueInsideMask: {
    code: 'MARK_OUTSIDE_MASK',
    what: 'has a mark outside its mask',
    why: 'only bits of the mask count, and a mask of 0 has none',
    fix: 'write a value whose bits are all in the mask, like value: 0x10 with mask: 0xf0',
  },
  burstFitsRate: {
    code: 'BURST_TOO_LARGE',
    what: 'has a burst that takes more than a day to come back',
    why: "the kernel's counter does not reach further",
    fix: 'write a smaller burst, or a higher rate',
  },
  limitedPortsFit: {
    code: 'LIMITED_PORTS',
    what: 'has a limit and more than 15 ports (a range counts as two)',
    why: 'the kernel takes 15 in one rule, and would count each further part for itself',
    fix: 'write two rules, each with its own limit',
  },
  notrackIsNarrow: {
    code: 'NOTRACK_WITHOUT_PORTS',
    what: 'takes a whole protocol out of connection tracking',
    why: 'answers would no longer be known as such, and Services would no longer be translated',
    fix: 'name the ports or sourcePorts',
  },
}
