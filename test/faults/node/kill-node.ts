import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { IptablesBackend, Plane } from '../../../src/domain/network-program.ts'
import { installK3s } from '../../netns/k3s-install.ts'
import { carrierUp, type Namespaces, openNamespaces, runOrThrow } from '../../netns/lab.ts'
import { lines, newScaffold, type Scaffold } from '../../netns/scaffold.ts'
import { tcpServer } from '../../netns/traffic.ts'

/** The node, the client that manages it, and a second node that shows what a program looks like in a kernel. */
export type KillRole = 'n' | 'cl' | 'm'

/** Where the client finds the node, and the address it asks from: behind the router, so that a route can lose it. */
export const management = { address: '192.168.77.1', port: 2222, from: '192.168.13.100' } as const

export interface Variant {
  readonly plane: Plane
  readonly backend: IptablesBackend
}

/** A node that can be switched off: its namespace goes, the folder with its disk stays. */
export interface KillNode {
  readonly variant: Variant
  /** Root of the node's files. */
  readonly root: string
  /** Namespaces as they are now: another object after each boot. */
  lab(): Namespaces<KillRole>
  readonly client: Namespaces<KillRole>
  /** Gives a process inside the node its boot id and a lock of its own. */
  readonly wrap: readonly string[]
  /** Namespace, links, and what listens for its management; nothing of Fairlead, and no rules of anybody. */
  powerOn(): Promise<void>
  /** What K3s brings when it starts. */
  startK3s(): Promise<void>
  /** `bin/fairlead-boot`, as the machine starts it before its network. */
  runBootScript(): Promise<void>
  /** Every process inside ends at once, and the kernel forgets everything. */
  powerOff(): Promise<void>
  down(): Promise<void>
}

const bootScript = resolve(import.meta.dirname, '../../../bin/fairlead-boot')
const bootIdFile = '/proc/sys/kernel/random/boot_id'
const machineLock = '/run/xtables.lock'

export async function newKillNode(variant: Variant): Promise<KillNode> {
  const scaffold = await newScaffold(['n', 'cl', 'm'])
  const client = openNamespaces<KillRole>(scaffold)
  let node = openNamespaces<KillRole>(scaffold)
  const root = join(scaffold.directory, 'root')
  const bootId = join(scaffold.directory, 'boot-id')
  mkdirSync(join(root, 'var/lib/fairlead'), { recursive: true, mode: 0o700 })
  const script = `[ -e ${machineLock} ] || : > ${machineLock}
: >> ${client.lockFile('n')}
mount --bind ${client.lockFile('n')} ${machineLock} && mount --bind ${bootId} ${bootIdFile} && exec "$@"`
  const wrap = ['/bin/sh', '-c', script, 'sh'] as const
  const startK3s = async (role: KillRole): Promise<void> => {
    await installK3s(client, role, { backend: variant.backend, node: 1, networkPolicy: true })
    // Tables that nobody used yet would appear with our first rule.
    await touchTables(client, role, variant)
  }
  const kill: KillNode = {
    variant,
    root,
    lab: () => node,
    client,
    wrap,
    powerOn: async () => {
      writeFileSync(bootId, `${randomUUID()}\n`)
      await runOrThrow(['ip', '-batch', '-'], lines(nodeLinks(scaffold)))
      await client.x('cl', ['/bin/sh', '-s'], linkedClient)
      await node.x('n', ['/bin/sh', '-s'], nodeInside)
      await carrierUp(node, 'n', ['eth0'])
      await tcpServer(node, 'n', management.port)
    },
    startK3s: () => startK3s('n'),
    runBootScript: async () =>
      void (await node.x('n', [...wrap, '/bin/sh', bootScript, '--state', `${root}/var/lib/fairlead`])),
    powerOff: async () => {
      await node.worker('n').stop()
      // The kernel takes its time with a namespace, and the link would stay as long.
      await client.x('cl', ['ip', 'link', 'delete', 'eth0'])
      await runOrThrow(['ip', 'netns', 'delete', scaffold.nameOf('n')], '')
      node = openNamespaces<KillRole>(scaffold)
    },
    down: async () => {
      await node.worker('n').stop()
      await client.down()
    },
  }
  try {
    await runOrThrow(['ip', '-batch', '-'], lines(['cl', 'm'].map((role) => `netns add ${scaffold.nameOf(role)}`)))
    await client.x('cl', ['/bin/sh', '-s'], clientInside)
    await client.x('m', ['/bin/sh', '-s'], mirrorInside)
    await startK3s('m')
    await kill.powerOn()
    await startK3s('n')
  } catch (error) {
    await kill.down()
    throw error
  }
  return kill
}

function nodeLinks({ nameOf }: Scaffold): readonly string[] {
  return [
    `netns add ${nameOf('n')}`,
    `link add name eth0 netns ${nameOf('n')} type veth peer name eth0 netns ${nameOf('cl')}`,
  ]
}

const noDad = 'for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > "$f"; done'
const nodeAddresses = `ip addr add 192.168.77.1/24 dev eth0
ip addr add fd77::1/64 dev eth0 nodad
ip link set eth0 up
ip route add default via 192.168.77.2 dev eth0
echo 0 > /proc/sys/net/ipv4/conf/eth0/rp_filter`

const nodeInside = `set -e
${noDad}
ip link set lo up
${nodeAddresses}
`

const linkedClient = `set -e
ip addr add 192.168.77.2/24 dev eth0
ip addr add fd77::2/64 dev eth0 nodad
ip link set eth0 up
`

const clientInside = `set -e
${noDad}
ip link set lo up
ip addr add ${management.from}/32 dev lo
`

const mirrorInside = `set -e
${noDad}
ip link set lo up
ip link add eth0 type veth peer name far0
ip link set far0 up
${nodeAddresses}
`

async function touchTables(lab: Namespaces<KillRole>, role: KillRole, { backend }: Variant): Promise<void> {
  const chains = {
    raw: ['PREROUTING', 'OUTPUT'],
    mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
    nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
    filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  }
  const text = Object.entries(chains)
    .map(([table, names]) => `*${table}\n${names.map((name) => `:${name} ACCEPT [0:0]\n`).join('')}COMMIT\n`)
    .join('')
  for (const program of ['iptables', 'ip6tables']) {
    await lab.x(role, [`${program}-${backend}-restore`, '-w', '5', '--noflush'], text)
  }
}
