/** Something that must answer after a risky change, if it answered before. */
export interface ProbeSpec {
  /** Unique in a program: `gateway`, `dns`, `api-server`, or the user's name. */
  readonly name: string
  readonly check:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'http'; readonly url: string; readonly expectStatus?: number }
    | { readonly kind: 'ping'; readonly host: string }
    /** The router of the default route; of IPv4 when there is one, unless told. */
    | { readonly kind: 'gateway'; readonly family?: 4 | 6 }
    | { readonly kind: 'dns'; readonly name: string; readonly server?: string }
    /** The way to these addresses still leaves by a device that is up, and live sessions with them go on. */
    | { readonly kind: 'management'; readonly peers: readonly string[]; readonly ports: readonly number[] }
  readonly timeoutMs: number
}

export interface ProbeResult {
  readonly name: string
  readonly passed: boolean
  readonly tookMs: number
  /** For people: `192.168.1.1 answered in 0.4 ms`, `connect ECONNREFUSED`. Stable enough for a status. */
  readonly message: string
}
