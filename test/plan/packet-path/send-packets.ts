import type { Namespace } from '../../netns/namespace.ts'

export interface SentPacket {
  readonly protocol: 'tcp' | 'udp'
  readonly from: string
  readonly sourcePort: number
  readonly to: string
  readonly destinationPort: number
}

/** One first packet of a connection each, from inside a namespace; nobody waits for answers. */
export async function sendPackets(namespace: Namespace, packets: readonly SentPacket[]): Promise<void> {
  await namespace.run([process.execPath, '--input-type=module', '-e', sender], JSON.stringify(packets))
}

const sender = `
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
const packets = JSON.parse(await text(process.stdin))
await Promise.all(packets.map(async ({ protocol, from, sourcePort, to, destinationPort }) => {
  if (protocol === 'udp') {
    const socket = createSocket('udp4').on('error', () => {})
    await new Promise((done) => socket.bind(sourcePort, from, done))
    await new Promise((done) => socket.send('x', destinationPort, to, done))
    await wait(60)
    socket.close()
  } else {
    const socket = connect({ host: to, port: destinationPort, localAddress: from, localPort: sourcePort }).on('error', () => {})
    await wait(60)
    socket.destroy()
  }
}))
`
