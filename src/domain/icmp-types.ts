/** A kind of ICMP message; without a code every code of the type. */
export interface IcmpKind {
  readonly type: number
  readonly code?: number
}

/**
 * An ICMP message as people write it: a name, `3`, or `3/4` for type and code.
 * @returns undefined for a name that the protocol does not have, and for numbers above 255
 * @see IANA icmp-parameters, icmpv6-parameters; RFC 792, RFC 4443, RFC 4861, RFC 2710
 */
export function parseIcmpKind(protocol: 'icmp' | 'icmpv6', text: string): IcmpKind | undefined {
  const names = icmpKindsByName[protocol]
  if (Object.hasOwn(names, text)) return names[text]
  const match = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(text)
  const type = Number(match?.[1])
  const code = match?.[2] === undefined ? undefined : Number(match[2])
  if (match === null || type > 255 || (code ?? 0) > 255) return undefined
  return code === undefined ? { type } : { type, code }
}

export const icmpKindsByName: Readonly<Record<'icmp' | 'icmpv6', Readonly<Record<string, IcmpKind>>>> = {
  icmp: {
    'echo-reply': { type: 0 },
    'destination-unreachable': { type: 3 },
    'host-unreachable': { type: 3, code: 1 },
    'port-unreachable': { type: 3, code: 3 },
    'fragmentation-needed': { type: 3, code: 4 },
    redirect: { type: 5 },
    'echo-request': { type: 8 },
    'router-advertisement': { type: 9 },
    'router-solicitation': { type: 10 },
    'time-exceeded': { type: 11 },
    'parameter-problem': { type: 12 },
    'timestamp-request': { type: 13 },
    'timestamp-reply': { type: 14 },
  },
  icmpv6: {
    'destination-unreachable': { type: 1 },
    'port-unreachable': { type: 1, code: 4 },
    'packet-too-big': { type: 2 },
    'time-exceeded': { type: 3 },
    'parameter-problem': { type: 4 },
    'echo-request': { type: 128 },
    'echo-reply': { type: 129 },
    'router-solicitation': { type: 133 },
    'router-advertisement': { type: 134 },
    'neighbour-solicitation': { type: 135 },
    'neighbour-advertisement': { type: 136 },
    redirect: { type: 137 },
  },
}
