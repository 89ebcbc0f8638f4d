/** What woke us: routes and links, or the packet filter; with the process that did it where the kernel tells. */
export interface NetworkHint {
  readonly subject: 'routes' | 'filter'
  /** `iptables-nft (4211)`. */
  readonly by?: string
  /** Events were lost: only a full look tells. */
  readonly lost?: true
}

/** Hints that something changed; never the truth. */
export interface NetworkEventsPort {
  /** Calls back within milliseconds where the kernel tells, and within the poll interval where it does not. */
  start(onHint: (hint: NetworkHint) => void): Promise<void>
  stop(): Promise<void>
}
