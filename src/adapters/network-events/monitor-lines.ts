/** What one line of a monitor means to us: something happened, with the process that did it, or events were lost. */
export type MonitorLine =
  | { readonly kind: 'event'; readonly by?: string }
  | { readonly kind: 'lost' }
  /** Part of an event whose last line is still to come. */
  | { readonly kind: 'part' }

/**
 * A line of `nft monitor`. Each commit ends with the process that made it; what it changed stands in the lines before,
 * in their thousands when a big table is written.
 *
 * @see nftables src/monitor.c (netlink_events_newgen_cb), src/mnl.c (the warning when the socket overflowed)
 */
export function readNftLine(line: string, stream: 'stdout' | 'stderr'): MonitorLine {
  const commit = /^# new generation \d+(?: by process (\d+) \(([^)]*)\))?/.exec(line)
  if (commit !== null) {
    const [, pid, name] = commit
    return pid === undefined || name === undefined || name === ''
      ? { kind: 'event' }
      : { kind: 'event', by: `${name} (${pid})` }
  }
  // The only other thing it says beside changes is that its socket overflowed.
  return stream === 'stderr' || line.startsWith('# ERROR') ? { kind: 'lost' } : { kind: 'part' }
}

/** A line of `ip monitor`: every one is an event; what it says elsewhere is that its socket overflowed. */
export function readIpLine(line: string, stream: 'stdout' | 'stderr'): MonitorLine {
  if (stream === 'stderr') return { kind: 'lost' }
  // Continued lines of an address or a link are indented.
  return /^\s/.test(line) ? { kind: 'part' } : { kind: 'event' }
}
