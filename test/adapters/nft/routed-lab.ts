import { setTimeout as sleep } from 'node:timers/promises'
import { type Namespace, newNamespace } from '../../netns/namespace.ts'

const ip = '/usr/sbin/ip'

/** A node that forwards between a client (which may be a pod) and a server, on a wire each, with IPv4 and IPv6. */
export interface RoutedLab {
  readonly client: Namespace
  readonly node: Namespace
  readonly server: Namespace
  down(): Promise<void>
}

export const addresses = {
  client: { v4: '10.90.0.2', v6: 'fd90::2' },
  otherClient: { v4: '10.90.0.3', v6: 'fd90::3' },
  nodeToClient: { v4: '10.90.0.1', v6: 'fd90::1' },
  nodeToServer: { v4: '10.91.0.1', v6: 'fd91::1' },
  server: { v4: '10.91.0.2', v6: 'fd91::2' },
} as const

export async function newRoutedLab(): Promise<RoutedLab> {
  const [client, node, server] = await Promise.all(['client', 'node', 'server'].map((label) => newNamespace(label)))
  if (client === undefined || node === undefined || server === undefined) throw new Error('no namespaces')
  // Otherwise link-local addresses are of no use for the first two seconds.
  const noWait = 'for each in default all; do echo 0 > /proc/sys/net/ipv6/conf/$each/accept_dad; done'
  await Promise.all([client, node, server].map((space) => space.run(['/bin/sh', '-c', noWait])))
  await node.run([ip, 'link', 'add', 'toclient', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client.name])
  await node.run([ip, 'link', 'add', 'toserver', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', server.name])
  await node.run([
    '/bin/sh',
    '-c',
    'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
  ])
  await Promise.all([
    configure(node, [
      'addr add 10.90.0.1/24 dev toclient',
      'addr add fd90::1/64 dev toclient nodad',
      'addr add 10.91.0.1/24 dev toserver',
      'addr add fd91::1/64 dev toserver nodad',
      'link set toclient up',
      'link set toserver up',
    ]),
    configure(client, [
      'addr add 10.90.0.2/24 dev eth0',
      'addr add 10.90.0.3/24 dev eth0',
      'addr add fd90::2/64 dev eth0 nodad',
      'addr add fd90::3/64 dev eth0 nodad',
      'link set eth0 up',
      'route add default via 10.90.0.1',
      'route add default via fd90::1',
    ]),
    configure(server, [
      'addr add 10.91.0.2/24 dev eth0',
      'addr add fd91::2/64 dev eth0 nodad',
      'link set eth0 up',
      'route add default via 10.91.0.1',
      'route add default via fd91::1',
    ]),
  ])
  return {
    client,
    node,
    server,
    down: async () => {
      await Promise.all([client, node, server].map((each) => each.down()))
    },
  }
}

async function configure(space: Namespace, lines: readonly string[]): Promise<void> {
  await space.run([ip, '-batch', '-'], `${lines.join('\n')}\n`)
}

const greeterScript = `
require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.write(socket.remoteAddress.replace('::ffff:', '') + '\\n')
  socket.pipe(socket)
}).listen(Number(process.argv[1]), '::', () => console.log('ready'))
`

/** Greets every connection with the address that it sees, then echoes. */
export async function greet(space: Namespace, port: number): Promise<{ readonly stop: () => Promise<void> }> {
  let running: { readonly stop: () => Promise<void> } | undefined
  await new Promise<void>((resolve, reject) => {
    running = space.commands.follow([process.execPath, '-e', greeterScript, `${port}`], {
      onLine: (line) => (line === 'ready' ? resolve() : undefined),
      onEnd: (reason) => reject(new Error(`the greeter ended: ${reason}`)),
    })
  })
  return { stop: async () => running?.stop() }
}

const visitorScript = `
const [host, port, localAddress] = process.argv.slice(1)
const socket = require('node:net').connect({ host, port: Number(port), ...(localAddress ? { localAddress } : {}) })
const end = (word) => { console.log(word); process.exit(0) }
setTimeout(() => end('timeout'), 700)
socket.on('data', (data) => end(String(data).trim()))
socket.on('error', (error) => end(error.code))
`

/** The address that the server saw, `timeout`, or the error's code. */
export async function visit(from: Namespace, host: string, port: number, localAddress = ''): Promise<string> {
  return (await from.run([process.execPath, '-e', visitorScript, host, `${port}`, localAddress])).trim()
}

const sessionScript = `
const socket = require('node:net').connect({ host: process.argv[1], port: Number(process.argv[2]) })
socket.on('data', () => console.log('echo'))
socket.on('error', (error) => console.log('error ' + error.code))
process.stdin.resume()
if (process.argv[3] === 'busy') setInterval(() => socket.write('x'), 50)
else setTimeout(() => setInterval(() => socket.write('x'), 50), 1200)
`

/** A connection that lives on; idle for 1.2 s first when asked. */
export async function openSession(
  from: Namespace,
  host: string,
  port: number,
  kind: 'busy' | 'idle',
): Promise<{ readonly echoes: (withinMs: number) => Promise<number>; readonly stop: () => Promise<void> }> {
  let count = 0
  const running = from.commands.follow([process.execPath, '-e', sessionScript, host, `${port}`, kind], {
    onLine: (line) => {
      if (line === 'echo') count += 1
    },
    onEnd: () => {},
  })
  for (let turn = 0; turn < 100 && count === 0; turn += 1) await sleep(20)
  if (count === 0) throw new Error('the session was never opened')
  return {
    echoes: async (withinMs) => {
      const before = count
      await sleep(withinMs)
      return count - before
    },
    stop: running.stop,
  }
}
