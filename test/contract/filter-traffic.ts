import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Namespace } from '../netns/namespace.ts'

const serveScript = `
const [net, dgram] = [require('node:net'), require('node:dgram')]
const [tcp, udp] = process.argv.slice(1).map((list) => list.split(',').filter(Boolean).map(Number))
let waiting = tcp.length + udp.length
const ready = () => { waiting -= 1; if (waiting === 0) console.log('ready') }
for (const port of tcp)
  net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write(socket.remoteAddress.replace('::ffff:', '') + '\\n'))
  }).listen(port, '::', ready)
for (const port of udp) {
  const socket = dgram.createSocket({ type: 'udp6' })
  socket.on('message', (data, from) => socket.send(data, from.port, from.address))
  socket.bind(port, '::', ready)
}
`

/** Answers on TCP ports with the address it saw, and on UDP ports with what it got, both families, until `stop`. */
export async function serve(
  space: Namespace,
  open: { readonly tcp?: readonly number[]; readonly udp?: readonly number[] },
): Promise<{ readonly stop: () => Promise<void> }> {
  const { tcp = [], udp = [] } = open
  let running: { readonly stop: () => Promise<void> } | undefined
  await new Promise<void>((resolve, reject) => {
    running = space.commands.follow([process.execPath, '-e', serveScript, tcp.join(','), udp.join(',')], {
      onLine: (line) => (line === 'ready' ? resolve() : undefined),
      onEnd: (reason) => reject(new Error(`the echo server ended: ${reason}`)),
    })
  })
  return { stop: async () => running?.stop() }
}

const connectScript = `
const net = require('node:net')
const tellsPeer = process.argv[2] === 'peer'
const tries = process.argv[1].split(' ').map((place) => new Promise((resolve) => {
  const [host, port] = [place.slice(0, place.lastIndexOf('/')), Number(place.slice(place.lastIndexOf('/') + 1))]
  const socket = net.connect({ host, port })
  const end = (word) => { socket.destroy(); resolve(place + ' ' + word) }
  setTimeout(() => end('timeout'), 400)
  socket.on('connect', () => socket.write('x'))
  socket.on('data', (data) => end(tellsPeer ? String(data).trim() : 'open'))
  socket.on('error', (error) => end(error.code))
}))
Promise.all(tries).then((lines) => console.log(lines.join('\\n')))
`

/**
 * What becomes of TCP connections, by `address/port`: `open`, `timeout`, or the error's code.
 * @param tell what to say of those that are open; `peer` for the address that the server saw
 */
export async function connect(
  from: Namespace,
  places: readonly string[],
  tell: 'open' | 'peer' = 'open',
): Promise<ReadonlyMap<string, string>> {
  const text = await from.run([process.execPath, '-e', connectScript, places.join(' '), tell])
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  )
}

const sessionScript = `
const [net, fs] = [require('node:net'), require('node:fs')]
const socket = net.connect({ host: process.argv[1], port: Number(process.argv[2]) })
let turn = 0
socket.on('connect', () => socket.write('x'))
socket.on('data', () => console.log('echo ' + turn))
socket.on('error', (error) => console.log('error ' + error.code))
setInterval(() => {
  const asked = Number(fs.readFileSync(process.argv[3], 'utf8') || 0)
  if (asked > turn) { turn = asked; socket.write('x') }
}, 10)
`

/** One TCP connection that stays open and says something only when asked. */
export interface Session {
  /** Sends one byte; whether an answer came within a second. */
  speak(): Promise<boolean>
  stop(): Promise<void>
}

export async function openSession(from: Namespace, host: string, port: number): Promise<Session> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-session-'))
  const file = join(directory, 'turn')
  await writeFile(file, '')
  const heard = new Set<string>()
  const child = from.commands.follow([process.execPath, '-e', sessionScript, host, String(port), file], {
    onLine: (line) => heard.add(line),
    onEnd: () => {},
  })
  const hears = async (line: string): Promise<boolean> => {
    for (let waited = 0; waited < 1000 && !heard.has(line); waited += 10) await sleep(10)
    return heard.has(line)
  }
  let turn = 0
  if (!(await hears('echo 0'))) throw new Error(`no session with ${host} ${port}: ${[...heard].join(' ')}`)
  return {
    speak: async () => {
      turn += 1
      await writeFile(file, String(turn))
      return hears(`echo ${turn}`)
    },
    stop: async () => {
      await child.stop()
      await rm(directory, { recursive: true })
    },
  }
}

const streamScript = `
const socket = require('node:dgram').createSocket('udp4')
const [host, ...ports] = process.argv.slice(1)
socket.on('error', () => {})
setInterval(() => { for (let n = 0; n < 5; n += 1) for (const port of ports) socket.send('x', Number(port), host) }, 1)
setTimeout(() => console.log('ready'), 20)
`

/** Sends UDP packets to each port, about five thousand a second in all that one has, until `stop`. */
export async function stream(
  from: Namespace,
  host: string,
  toPorts: readonly number[],
): Promise<{ readonly stop: () => Promise<void> }> {
  let child: { readonly stop: () => Promise<void> } | undefined
  await new Promise<void>((resolve) => {
    child = from.commands.follow([process.execPath, '-e', streamScript, host, ...toPorts.map(String)], {
      onLine: () => resolve(),
      onEnd: () => {},
    })
  })
  return { stop: async () => child?.stop() }
}

/** Counts UDP packets of ports as they come in, and as they are left after every filter. */
export async function countPackets(
  space: Namespace,
  ofPorts: readonly number[],
): Promise<(port: number) => Promise<{ readonly came: number; readonly passed: number }>> {
  const chain = (name: string, hook: string, priority: number): string =>
    `chain ${name} { type filter hook ${hook} priority ${priority}; ${ofPorts.map((port) => `udp dport ${port} counter;`).join(' ')} }`
  await space.run(
    ['/usr/sbin/nft', '-f', '-'],
    `table inet count {\n${chain('came', 'prerouting', -500)}\n${chain('passed', 'input', 500)}\n}\n`,
  )
  return async (port) => {
    const text = await space.run(['/usr/sbin/nft', 'list', 'table', 'inet', 'count'])
    const [came, passed] = [...text.matchAll(new RegExp(`udp dport ${port} counter packets (\\d+)`, 'g'))].map(
      ([, n]) => Number(n),
    )
    return { came: came ?? 0, passed: passed ?? 0 }
  }
}
