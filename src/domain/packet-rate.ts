/** A rate as people write it. */
export interface PacketRate {
  readonly packets: number
  readonly per: 'second' | 'minute' | 'hour' | 'day'
}

const secondsPer = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const

/**
 * `10/minute`.
 * @returns undefined for everything else, and above 10000/second, the most that the kernel counts
 * @see torvalds/linux net/netfilter/xt_limit.c
 */
export function parsePacketRate(text: string): PacketRate | undefined {
  const match = /^([1-9]\d{0,4})\/(second|minute|hour|day)$/.exec(text)
  const packets = Number(match?.[1])
  const per = match?.[2]
  if (packets > 10_000 || (per !== 'second' && per !== 'minute' && per !== 'hour' && per !== 'day')) return undefined
  return { packets, per }
}

/**
 * How many packets may come at once: what takes a day to be allowed again. The kernel's counter of a limit ends there:
 * the legacy backend refuses `1/day` with a burst of 5.
 * @see torvalds/linux net/netfilter/xt_limit.c (user2credits)
 */
export function largestBurst({ packets, per }: PacketRate): number {
  return Math.min(10_000, Math.floor((packets * 86_400) / secondsPer[per]))
}
