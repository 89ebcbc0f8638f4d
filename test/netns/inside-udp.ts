import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import type { Asked, UdpReceived, UdpSent } from './inside-protocol.ts'

interface Receiver {
  readonly socket: Socket
  readonly sequence: number[]
  readonly sentAtMs: number[]
  readonly overrunsBefore: number
}

const receivers = new Map<number, Receiver>()

export async function udpReceive({ port }: Asked['udpReceive']): Promise<null> {
  const socket = createSocket({ type: 'udp6', recvBufferSize: 4 * 1024 * 1024 })
  const receiver: Receiver = { socket, sequence: [], sentAtMs: [], overrunsBefore: await overruns() }
  socket.on('message', (message) => {
    receiver.sequence.push(message.readUInt32BE(0))
    receiver.sentAtMs.push(message.readDoubleBE(4))
  })
  socket.bind(port, '::')
  await once(socket, 'listening')
  receivers.set(port, receiver)
  return null
}

export async function udpReceived({ port, stop }: Asked['udpReceived']): Promise<UdpReceived> {
  const receiver = receivers.get(port)
  if (receiver === undefined) throw new Error(`nothing receives on port ${port}`)
  if (stop) {
    receiver.socket.close()
    receivers.delete(port)
  }
  const { sequence, sentAtMs, overrunsBefore } = receiver
  return { sequence, sentAtMs, overruns: (await overruns()) - overrunsBefore }
}

/** Of the whole namespace, both families. @see proc_pid_net(5), `/proc/net/snmp` and `snmp6` */
async function overruns(): Promise<number> {
  const [heads = '', values = ''] = (await readFile('/proc/self/net/snmp', 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
  const at = heads.split(' ').indexOf('RcvbufErrors')
  const six = /^Udp6RcvbufErrors\s+(\d+)/m.exec(await readFile('/proc/self/net/snmp6', 'utf8'))?.[1]
  return Number(values.split(' ')[at] ?? 0) + Number(six ?? 0)
}

interface Sender {
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
  readonly refused: Record<string, number>
  count: number
  lastSentAtMs: number
}

const senders = new Map<number, Sender>()
let lastHandle = 0

/** Sends by the clock: what a late timer missed goes out at once, so that the rate holds over any longer time. */
export async function udpSend({ to, port, packetsPerSecond }: Asked['udpSend']): Promise<number> {
  const socket = createSocket(isIPv6(to) ? 'udp6' : 'udp4')
  socket.bind()
  await once(socket, 'listening')
  const began = performance.now()
  const sender: Sender = { socket, timer: setInterval(sendDue, 1), refused: {}, count: 0, lastSentAtMs: 0 }
  function sendDue(): void {
    const now = performance.now() - began
    while (sender.count < (now * packetsPerSecond) / 1000) {
      const packet = Buffer.alloc(12)
      packet.writeUInt32BE(sender.count, 0)
      packet.writeDoubleBE(now, 4)
      sender.count += 1
      sender.lastSentAtMs = now
      socket.send(packet, port, to, (error) => {
        if (error === null) return
        const code = (error as NodeJS.ErrnoException).code ?? error.message
        sender.refused[code] = (sender.refused[code] ?? 0) + 1
      })
    }
  }
  lastHandle += 1
  senders.set(lastHandle, sender)
  return lastHandle
}

export async function udpSent({ handle, stop }: Asked['udpSent']): Promise<UdpSent> {
  const sender = senders.get(handle)
  if (sender === undefined) throw new Error(`no sender ${handle}`)
  if (stop) {
    clearInterval(sender.timer)
    senders.delete(handle)
    await new Promise((resolve) => setTimeout(resolve, 20))
    sender.socket.close()
  }
  return { count: sender.count, refused: sender.refused, lastSentAtMs: sender.lastSentAtMs }
}
