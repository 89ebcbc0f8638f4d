import { onTestFinished } from 'vitest'
import { type Namespace, newNamespace } from '../netns/namespace.ts'
import { newTestAgent, type TestAgent, type TestAgentOptions } from './agent-in-namespace.ts'

/** A machine of one interface, `eth0` with 192.168.1.5/24, and an adopted agent that is not started yet; gone with the test. */
export async function agentMachine(
  options: TestAgentOptions = {},
): Promise<{ readonly ns: Namespace; readonly agent: TestAgent }> {
  const ns = await newNamespace('agent')
  onTestFinished(() => ns.down())
  await ns.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0'])
  await ns.run(['ip', 'addr', 'add', '192.168.1.5/24', 'dev', 'eth0'])
  for (const link of ['eth0', 'peer0']) await ns.run(['ip', 'link', 'set', link, 'up'])
  const agent = newTestAgent(ns.name, options)
  // Called in reverse: the agent ends before its namespace goes.
  onTestFinished(() => agent.close())
  await agent.adopt()
  return { ns, agent }
}
