/** What the program inside a namespace is asked, by the name of the question. */
export interface Asked {
  /** Listens; every connection is echoed back. Answers once it listens. */
  readonly listen: { readonly port: number; readonly address?: string }
  /** Listens and answers every HTTP request with the peer's address. */
  readonly httpListen: { readonly port: number; readonly address?: string }
  readonly unlisten: { readonly port: number }
  readonly connect: {
    readonly to: string
    readonly port: number
    readonly timeoutMs: number
    readonly from?: string
  }
  readonly http: { readonly url: string; readonly timeoutMs: number }
  readonly echoStart: { readonly to: string; readonly port: number; readonly everyMs: number }
  readonly echoReport: { readonly handle: number }
  readonly echoStop: { readonly handle: number }
  readonly udpReceive: { readonly port: number }
  readonly udpReceived: { readonly port: number; readonly stop: boolean }
  readonly udpSend: { readonly to: string; readonly port: number; readonly packetsPerSecond: number }
  readonly udpSent: { readonly handle: number; readonly stop: boolean }
}

export interface Answers {
  readonly listen: null
  readonly httpListen: null
  readonly unlisten: null
  readonly connect: Connected
  readonly http: HttpSeen
  readonly echoStart: number
  readonly echoReport: EchoReport
  readonly echoStop: EchoReport
  readonly udpReceive: null
  readonly udpReceived: UdpReceived
  readonly udpSend: number
  readonly udpSent: UdpSent
}

export interface Connected {
  readonly outcome: 'connected' | 'refused' | 'timeout' | 'unreachable' | 'other'
  /** The error code of Node, where there was one. */
  readonly code?: string
  readonly tookMs: number
}

export interface HttpSeen {
  /** Absent when there was no answer. */
  readonly status?: number
  /** The client's address as the server saw it, IPv4 without `::ffff:`. */
  readonly source?: string
  /** Which server answered: its own address of this connection. */
  readonly server?: string
  readonly code?: string
}

export interface EchoReport {
  readonly written: number
  readonly echoed: number
  /** The longest time without an echo so far, the time since the last one included. */
  readonly longestSilenceMs: number
  readonly sinceLastEchoMs: number
  /** Why the connection is no more; absent while it lives. */
  readonly closed?: string
}

export interface UdpReceived {
  /** Sequence numbers as they arrived, and the sender's clock of each, in milliseconds since its start. */
  readonly sequence: readonly number[]
  readonly sentAtMs: readonly number[]
  /** Packets that reached the namespace and were dropped since this process was too slow to read them. */
  readonly overruns: number
}

export interface UdpSent {
  readonly count: number
  /** Packets that the sender's own kernel refused, by error code: `EPERM` a rule, `ENETUNREACH` no route. */
  readonly refused: Readonly<Record<string, number>>
  readonly lastSentAtMs: number
}
