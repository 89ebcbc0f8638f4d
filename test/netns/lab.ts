import { openCommands } from '../../src/adapters/command/node-command.ts'
import type { CommandPort, CommandResult } from '../../src/ports/command-port.ts'
import { lines, newScaffold, type Scaffold } from './scaffold.ts'
import {
  addresses,
  type Inside,
  insideOf,
  linkBatch,
  linkedDevices,
  type Role,
  roles,
  type Topology,
} from './topology.ts'
import { type Worker, workerIn } from './worker.ts'

export interface LabOptions {
  /** Only these namespaces, with the links among them; all of them when absent. */
  readonly only?: readonly Role[]
  readonly secondUplink?: boolean
}

/** What every set of namespaces can do, the topology of nodes as well as a recording that was replayed. */
export interface Namespaces<Name extends string> {
  /** Begins the name of every namespace. */
  readonly prefix: string
  /** A folder of the lab's own, gone with it. */
  readonly directory: string
  /** The namespace as `ip netns` knows it. */
  readonly nameOf: (ns: Name) => string
  /** Runs programs inside. Legacy iptables takes a lock file of this namespace, not the machine's. */
  readonly commands: (ns: Name) => CommandPort
  /** Runs one program inside and returns what it printed; rejects when it fails. */
  readonly x: (ns: Name, argv: readonly string[], input?: string) => Promise<string>
  /** The Node process inside, started at the first call. */
  readonly worker: (ns: Name) => Worker
  /** Where the legacy backend locks in this namespace. */
  readonly lockFile: (ns: Name) => string
  readonly down: () => Promise<void>
}

export interface Lab extends Namespaces<Role> {
  readonly addresses: typeof addresses
  readonly setUpMs: number
}

/**
 * Brings the topology up. Take it down in `afterEach` or `afterAll`, or write `await using lab = await labUp()`;
 * when this process dies first, the namespaces go all the same.
 */
export async function labUp(options: LabOptions = {}): Promise<Lab & AsyncDisposable> {
  const began = performance.now()
  const topology: Topology = { roles: options.only ?? roles, secondUplink: options.secondUplink ?? false }
  const scaffold = await newScaffold(topology.roles)
  const all = openNamespaces<Role>(scaffold)
  try {
    await runOrThrow(['ip', '-batch', '-'], lines(linkBatch(topology, scaffold.nameOf)))
    await Promise.all(
      topology.roles.map((role) => all.x(role, ['/bin/sh', '-s'], insideScript(insideOf(role, topology)))),
    )
    await Promise.all(topology.roles.map((role) => carrierUp(all, role, linkedDevices(role, topology))))
  } catch (error) {
    await all.down()
    throw error
  }
  return { ...all, addresses, setUpMs: performance.now() - began, [Symbol.asyncDispose]: all.down }
}

export function openNamespaces<Name extends string>(scaffold: Scaffold): Namespaces<Name> {
  const workers = new Map<Name, Worker>()
  const lockFile = (ns: Name): string => `${scaffold.directory}/xtables-${ns}.lock`
  const prefixOf = (ns: Name): readonly string[] => [
    '/usr/bin/env',
    `XTABLES_LOCKFILE=${lockFile(ns)}`,
    'ip',
    'netns',
    'exec',
    scaffold.nameOf(ns),
  ]
  const commands = (ns: Name): CommandPort => openCommands(prefixOf(ns))
  return {
    prefix: scaffold.prefix,
    directory: scaffold.directory,
    nameOf: scaffold.nameOf,
    commands,
    lockFile,
    x: async (ns, argv, input) => {
      const [program = '', ...args] = argv
      const options = { timeoutMs: 60_000, ...(input === undefined ? {} : { input }) }
      return stdoutOf(argv, await commands(ns).run([program, ...args], options))
    },
    worker: (ns) => {
      const worker = workers.get(ns) ?? workerIn(prefixOf(ns))
      workers.set(ns, worker)
      return worker
    },
    down: async () => {
      await Promise.all([...workers.values()].map((worker) => worker.stop()))
      await scaffold.down()
    },
  }
}

/**
 * Waits until packets can leave by these devices. The end of a link that came up first hears of its carrier from the
 * kernel's link watch, up to a second later; being asked for one device makes it look at once.
 * @see torvalds/linux net/core/link_watch.c, and rtnl_getlink in net/core/rtnetlink.c (since 6.7)
 */
export async function carrierUp<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  devices: readonly string[],
): Promise<void> {
  if (devices.length === 0) return
  const asked = lines(devices.map((device) => `link show dev ${device}`))
  const deadline = performance.now() + 3000
  for (;;) {
    const printed = await lab.x(ns, ['ip', '-o', '-batch', '-'], asked)
    const down = printed.split('\n').filter((line) => line !== '' && !/ state UP /.test(line))
    if (down.length === 0) return
    if (performance.now() > deadline) throw new Error(`no carrier in ${lab.nameOf(ns)}: ${down.join(' | ')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * Everything of one namespace by one shell. Sysctls come first: with duplicate address detection on, the first IPv6
 * packet would wait for two seconds.
 */
export function insideScript(inside: Inside): string {
  const detection = 'for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > "$f"; done\n'
  const sysctls = Object.entries(inside.sysctls).map(([key, value]) => `echo ${value} > /proc/sys/${key}`)
  return [
    'set -e',
    `${detection}${lines(sysctls)}ip -batch - <<'END'`,
    `${lines(inside.ip)}END`,
    ...(inside.bridge.length === 0 ? [] : [`bridge -batch - <<'END'`, `${lines(inside.bridge)}END`]),
    '',
  ].join('\n')
}

const machine = openCommands()

/** Outside of every namespace: only for making them. */
export async function runOrThrow(argv: readonly [string, ...string[]], input: string): Promise<string> {
  return stdoutOf(argv, await machine.run(argv, { input }))
}

function stdoutOf(argv: readonly string[], result: CommandResult): string {
  if (result.code === 0) return result.stdout
  throw new Error(
    `${argv.join(' ')}: ${result.failed ?? result.signal ?? result.code} ${result.stderr}${result.stdout}`,
  )
}
