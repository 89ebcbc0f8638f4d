import { onTestFinished } from 'vitest'
import type { NetworkStatus, StatusSnapshot } from '../../src/domain/status.ts'
import { newTestAgent, type TestAgent } from '../lab/agent-in-namespace.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { type Lab, labUp } from '../netns/lab.ts'
import { whyNoNamespaces } from '../netns/namespace.ts'
import type { Role } from '../netns/topology.ts'

/** Absent where every program of a node is here, and namespaces can be made. */
export const whyNotHere = await whyNoNamespaces([
  'ip',
  'nft',
  'iptables-nft-restore',
  'iptables-legacy-restore',
  'ipset',
  'conntrack',
  'unshare',
  'flock',
])

/** Ends the title of a group: why it does not run. */
export const skipped = whyNotHere === undefined ? '' : ` (${whyNotHere})`

export interface AgentOnNode {
  readonly lab: Lab
  readonly agent: TestAgent
  /** Compiles the fields below `spec` of the node's document, and hands the program over. */
  readonly write: (nodeSpec: string, clusterSpec?: string) => Promise<void>
  /** What `write` does, and a confirmation where the program has to be tried. Resolves once it is in force. */
  readonly enforce: (nodeSpec: string, clusterSpec?: string) => Promise<void>
}

/** The agent of `n1` in a lab of the running test; both are gone when it ends. */
export async function agentOnNode(
  options: { readonly only?: readonly Role[]; readonly secondUplink?: boolean; readonly interval?: string } = {},
): Promise<AgentOnNode> {
  const lab = await labUp(options)
  onTestFinished(() => lab.down())
  const { interval = '30s' } = options
  const environment = { XTABLES_LOCKFILE: lab.lockFile('n1') }
  const agent = newTestAgent(lab.nameOf('n1'), { environment, interval })
  onTestFinished(() => agent.close())
  await agent.adopt()
  const write = async (nodeSpec: string, clusterSpec = ''): Promise<void> =>
    agent.write(await networkOfDocuments(nodeSpec, clusterSpec))
  return {
    lab,
    agent,
    write,
    enforce: async (nodeSpec, clusterSpec) => {
      const before = agent.status()?.network?.program
      await write(nodeSpec, clusterSpec)
      if (agent.pid() === 0) agent.start()
      await settled(agent, before)
    },
  }
}

/** Confirms what is tried, as somebody who has looked would. */
async function settled(agent: TestAgent, before: string | undefined): Promise<void> {
  const isNew = (status: StatusSnapshot): boolean => isInForce(status) && status.network?.program !== before
  const { network } = await agent.statusUntil((status) => isNew(status) || isTried(status.network))
  if (!isTried(network)) return
  const { code, out } = await agent.verb('confirm')
  if (code !== 0) throw new Error(out)
  await agent.statusUntil(isNew)
}

export function isInForce(status: StatusSnapshot): boolean {
  return kernelReason(status) === 'Applied'
}

export function kernelReason({ conditions }: StatusSnapshot): string | undefined {
  return conditions.find(({ type }) => type === 'KernelReady')?.reason
}

function isTried(network: NetworkStatus | undefined): boolean {
  return network?.checkpoint?.phase === 'probing'
}

interface LogLine {
  readonly msg: string
  readonly what: string
  readonly writer: string
}

/** What an agent logged with this message. */
export function logged(agent: TestAgent, message: string): readonly LogLine[] {
  return agent
    .log()
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ msg }) => msg === message)
}
