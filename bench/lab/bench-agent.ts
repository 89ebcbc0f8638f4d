import { readFileSync } from 'node:fs'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import { newTestAgent, type TestAgent } from '../../test/lab/agent-in-namespace.ts'
import { type Namespace, newNamespace } from '../../test/netns/namespace.ts'
import { deviceBatch } from './route-set.ts'

const bundle = new URL('../../bin/fairlead.cjs', import.meta.url).pathname
const service = readFileSync(new URL('../../deploy/systemd/fairlead-agent.service', import.meta.url), 'utf8')
/** Flags of Node, and what its process is told, as the service has them. */
const flags = (/^ExecStart=\S+ (.*)\S*\/fairlead\.cjs agent$/m.exec(service)?.[1] ?? '').split(' ').slice(0, -1)
const environment = Object.fromEntries(
  [...service.matchAll(/^Environment=(\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
)

/** One agent from the bundle, as the service runs it, in a namespace of its own with one device. */
export interface BenchAgent extends AsyncDisposable {
  readonly ns: Namespace
  readonly agent: TestAgent
}

const open = new Set<BenchAgent>()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void closeAll())

export async function newBenchAgent(): Promise<BenchAgent> {
  const ns = await newNamespace('bench')
  await ns.run(['/usr/sbin/ip', '-batch', '-'], `${deviceBatch.join('\n')}\n`)
  const agent = newTestAgent(ns.name, { entry: [...flags, bundle], environment })
  await agent.adopt()
  const bench: BenchAgent = {
    ns,
    agent,
    [Symbol.asyncDispose]: async () => {
      open.delete(bench)
      await agent.close()
      await ns.down()
    },
  }
  open.add(bench)
  return bench
}

/** A run that is interrupted leaves neither processes nor namespaces. */
async function closeAll(): Promise<void> {
  await Promise.all([...open].map((bench) => bench[Symbol.asyncDispose]()))
  process.exit(1)
}

export function networkProgram(parts: Partial<NetworkProgram>): NetworkProgram {
  return {
    plane: 'iptables',
    routes: [],
    routingRules: [],
    sysctls: [],
    cleanups: [],
    probes: [],
    failsafe: { flows: [] },
    confirmTimeoutMs: 60_000,
    ...parts,
  }
}

/** Writes a program and waits until the kernel is held to it; a risky one is confirmed by hand. */
export async function bringIntoForce({ agent }: BenchAgent, program: NetworkProgram): Promise<void> {
  agent.write(program)
  agent.start()
  const status = await agent.statusUntil(
    ({ network, conditions }) =>
      (network?.checkpoint?.phase === 'probing' && network.checkpoint.isManual) ||
      conditions.some(({ type, reason }) => type === 'KernelReady' && reason === 'Applied'),
  )
  if (status.network?.checkpoint?.phase !== 'probing') return
  const { code, out } = await agent.verb('confirm')
  if (code !== 0) throw new Error(out)
  await agent.statusUntil(({ conditions }) =>
    conditions.some(({ type, reason }) => type === 'KernelReady' && reason === 'Applied'),
  )
}
