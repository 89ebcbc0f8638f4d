import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { agentMachine } from '../lab/agent-machine.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { type Namespace, whyNoNamespaces } from '../netns/namespace.ts'

const exec = promisify(execFile)
const reason = await whyNoNamespaces(['ip', 'iptables', 'nft', 'unshare'])

const programOf = (name: string, action: 'Accept' | 'Drop') =>
  networkOfDocuments(
    `  firewall: { input: [{ name: ${name}, protocol: tcp, ports: [8080], action: ${action} }] }\n`,
    '  rollout: { confirmTimeout: 30s }\n',
  )

type Told = { readonly conditions: readonly { readonly type: string; readonly reason: string }[] }
const isReady = (wanted: string) => (status: Told) =>
  status.conditions.find(({ type }) => type === 'KernelReady')?.reason === wanted

const ours = async (ns: Namespace): Promise<boolean> => (await ns.run(['iptables-save'])).includes('FAIRLEAD')

const uninstall = ['agent', 'uninstall', '--yes', '--kernel', 'on'] as const

describe.skipIf(reason !== undefined)(
  `an agent that is uninstalled${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    test('leaves nothing, and the next agent puts nothing back of what was confirmed before', async () => {
      const { ns, agent } = await agentMachine()
      agent.write(await programOf('no-web', 'Drop'))
      agent.start()
      await agent.statusUntil((status) => status.network?.checkpoint?.phase === 'probing')
      expect((await agent.verb('confirm')).code).toBe(0)
      await agent.statusUntil(isReady('Applied'))
      await agent.stop()
      expect(await agent.verb(...uninstall)).toMatchObject({ code: 0 })
      expect(await ours(ns)).toBe(false)
      writeFileSync(join(agent.stateDirectory, 'program.json'), 'not a program any more')
      const before = agent.log().length
      agent.start()
      await expect.poll(() => agent.log().slice(before), { timeout: 10_000 }).toContain('program refused')
      await new Promise((settle) => setTimeout(settle, 1_000))
      expect(await ours(ns)).toBe(false)
    })

    test('takes back a change that its death left open, before the rest goes', async () => {
      const { ns, agent } = await agentMachine()
      agent.write(await programOf('web', 'Accept'))
      agent.start()
      await agent.statusUntil(isReady('Applied'))
      agent.write(await programOf('no-web', 'Drop'))
      const trying = await agent.statusUntil((status) => status.network?.checkpoint?.phase === 'probing')
      const id = trying.network?.checkpoint?.id ?? ''
      // With its watchdogs, as a machine that runs out of memory may do it.
      const { stdout } = await exec('ip', ['netns', 'pids', ns.name])
      for (const pid of stdout.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGSTOP')
      for (const pid of stdout.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
      await agent.stop()
      const said = await agent.verb(...uninstall)
      expect(said.out).toContain(`taken back  change ${id}`)
      expect(said.code).toBe(0)
      expect(existsSync(join(agent.stateDirectory, 'checkpoint', id, 'outcome'))).toBe(true)
      expect(await ours(ns)).toBe(false)
    })
  },
)
