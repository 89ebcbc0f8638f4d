import type { AddressFamily } from '../../src/domain/cidr.ts'
import type { Connected, EchoReport, HttpSeen, UdpSent } from './inside-protocol.ts'
import type { Namespaces } from './lab.ts'
import { gapsOf, type StreamLoss } from './sequence-gaps.ts'

/** Longer than a packet needs in here, short enough that a test of a deny is not slow. */
const patienceMs = 700

/** @returns whether one echo came back within a second */
export async function ping<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  to: string,
  options: { readonly payloadBytes?: number; readonly doNotFragment?: boolean; readonly from?: string } = {},
): Promise<boolean> {
  const result = await lab
    .commands(ns)
    .run([
      'ping',
      '-n',
      '-c1',
      '-W1',
      ...(options.payloadBytes === undefined ? [] : ['-s', `${options.payloadBytes}`]),
      ...(options.doNotFragment === true ? ['-M', 'do'] : []),
      ...(options.from === undefined ? [] : ['-I', options.from]),
      to,
    ])
  if (result.code === 0) return true
  // 1: no answer; 2: an error such as `Network is unreachable`. Anything else is a defect of the test.
  if (result.code === 1 || result.code === 2) return false
  throw new Error(`ping ${to}: ${result.failed ?? result.code} ${result.stderr}`)
}

/**
 * One TCP connection attempt. A reject by ICMP may show as `timeout`: there is no delay in here, so that the error can
 * be back while the kernel still holds the socket, which then only notes it.
 */
export async function tcp<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  to: string,
  port: number,
  options: { readonly timeoutMs?: number; readonly from?: string } = {},
): Promise<Connected> {
  const { timeoutMs = patienceMs, ...from } = options
  return await lab.worker(ns).ask('connect', { to, port, timeoutMs, ...from })
}

/** Listens in the namespace on every address of both families and echoes. @returns what stops it */
export async function tcpServer<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  port: number,
): Promise<() => Promise<null>> {
  await lab.worker(ns).ask('listen', { port })
  return () => lab.worker(ns).ask('unlisten', { port })
}

/** @returns what stops it */
export async function httpServer<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  port: number,
): Promise<() => Promise<null>> {
  await lab.worker(ns).ask('httpListen', { port })
  return () => lab.worker(ns).ask('unlisten', { port })
}

/** @returns whether an `httpServer` answered, and which source address it saw */
export async function http<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  url: string,
  timeoutMs = patienceMs,
): Promise<HttpSeen> {
  return await lab.worker(ns).ask('http', { url, timeoutMs })
}

/** One long-lived connection to a `tcpServer`: what conntrack damage breaks first. */
export interface EchoClient {
  report(): Promise<EchoReport>
  stop(): Promise<EchoReport>
}

export async function echoClient<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  to: string,
  port: number,
  everyMs = 50,
): Promise<EchoClient> {
  const worker = lab.worker(ns)
  const handle = await worker.ask('echoStart', { to, port, everyMs })
  return { report: () => worker.ask('echoReport', { handle }), stop: () => worker.ask('echoStop', { handle }) }
}

export interface StreamResult extends StreamLoss, Pick<UdpSent, 'refused'> {
  readonly sent: number
  readonly received: number
  /** Packets that arrived and were lost by a slow receiver: the network is not to blame for them. */
  readonly overruns: number
}

export interface UdpStream {
  /** Stops sending, waits for what is under way, and counts. */
  stop(): Promise<StreamResult>
}

/** A stream of numbered packets. The receiver is there first, else its start would look like loss. */
export async function udpStream<Name extends string>(
  lab: Namespaces<Name>,
  stream: {
    readonly from: Name
    readonly to: Name
    /** Where the sender sends: an address of `to`, or one that is translated to it. */
    readonly address: string
    readonly port: number
    /** Where the receiver listens, when it is not `port`. */
    readonly receiverPort?: number
    readonly packetsPerSecond: number
  },
): Promise<UdpStream> {
  const { address, port, packetsPerSecond, receiverPort = port } = stream
  const [sender, receiver] = [lab.worker(stream.from), lab.worker(stream.to)]
  await receiver.ask('udpReceive', { port: receiverPort })
  const handle = await sender.ask('udpSend', { to: address, port, packetsPerSecond })
  return {
    stop: async () => {
      const { count, refused, lastSentAtMs } = await sender.ask('udpSent', { handle, stop: true })
      await new Promise((resolve) => setTimeout(resolve, 50))
      const { sequence, sentAtMs, overruns } = await receiver.ask('udpReceived', { port: receiverPort, stop: true })
      const arrived = sequence.map((number, index) => ({ sequence: number, sentAtMs: sentAtMs[index] ?? 0 }))
      return { sent: count, received: arrived.length, refused, overruns, ...gapsOf(arrived, count, lastSentAtMs) }
    },
  }
}

/** How an address is written in a URL. */
export function urlHost(address: string, family: AddressFamily): string {
  return family === 6 ? `[${address}]` : address
}
