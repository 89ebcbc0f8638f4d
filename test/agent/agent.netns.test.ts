import { describe, expect, test } from 'vitest'
import { agentMachine } from '../lab/agent-machine.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { type Namespace, whyNoNamespaces } from '../netns/namespace.ts'

const reason = await whyNoNamespaces(['ip', 'iptables', 'nft', 'unshare'])

const acceptOnly = `
  firewall:
    input:
      - { name: web, protocol: tcp, ports: [8080], action: Accept }
`
const denyWeb = `
  firewall:
    input:
      - { name: no-web, protocol: tcp, ports: [8080], action: Drop }
`
const fastConfirm = '  rollout: { confirmTimeout: 30s }\n'

const isReady = (reasonWanted: string) => (status: { conditions: readonly { type: string; reason: string }[] }) =>
  status.conditions.find(({ type }) => type === 'KernelReady')?.reason === reasonWanted

/** Without the time of the print, and what packets have moved since. */
const rules = async (ns: Namespace): Promise<string> =>
  (await ns.run(['iptables-save'])).replaceAll(/^#.*\n/gm, '').replaceAll(/ \[\d+:\d+\]$/gm, '')

describe.skipIf(reason !== undefined)(
  `an agent in a network namespace${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    test('rules that stop nothing are loaded at once, and come back when they are flushed', async () => {
      const { ns, agent } = await agentMachine()
      agent.write(await networkOfDocuments(acceptOnly))
      agent.start()
      await agent.statusUntil(isReady('Applied'))
      const loaded = await rules(ns)
      expect(loaded).toContain('-j FAIRLEAD-INPUT')
      await ns.run(['iptables', '-F'])
      await expect.poll(async () => await rules(ns), { timeout: 5_000 }).toBe(loaded)
    })

    test('a route is written, comes back when it is deleted, and goes when nobody wants it', async () => {
      const { ns, agent } = await agentMachine()
      agent.write(await networkOfDocuments('  routes: [{ to: 10.60.0.0/16, via: 192.168.1.2, dev: eth0 }]\n'))
      agent.start()
      await agent.statusUntil(isReady('Applied'))
      const routes = async (): Promise<string> => await ns.run(['ip', 'route', 'show', 'proto', '201'])
      expect(await routes()).toContain('10.60.0.0/16 via 192.168.1.2 dev eth0')
      await ns.run(['ip', 'route', 'del', '10.60.0.0/16'])
      await expect.poll(routes, { timeout: 5_000 }).toContain('10.60.0.0/16')
      agent.write(undefined)
      await expect.poll(routes, { timeout: 5_000 }).toBe('')
    })

    test('a deny is tried under a checkpoint, and confirmed once its probes have gone on answering', async () => {
      const { ns, agent } = await agentMachine()
      agent.write(await networkOfDocuments(denyWeb, fastConfirm))
      agent.start()
      const trying = await agent.statusUntil((status) => status.network?.checkpoint?.phase === 'probing')
      expect(trying.verdict).toBe('pending')
      expect(await rules(ns)).toContain('DROP')
      // Nothing answered before the change here, so that somebody has to look.
      expect(trying.network?.checkpoint?.isManual).toBe(true)
      const confirmed = await agent.verb('confirm')
      expect(confirmed.out).toContain('confirmed')
      expect(confirmed.code).toBe(0)
      await agent.statusUntil(isReady('Applied'))
      expect(await rules(ns)).toContain('DROP')
    })

    test('a change that nobody confirms is gone when the agent is killed', async () => {
      const { ns, agent } = await agentMachine()
      const before = await rules(ns)
      agent.write(await networkOfDocuments(denyWeb, fastConfirm))
      agent.start()
      await agent.statusUntil((status) => status.network?.checkpoint?.phase === 'probing')
      await agent.stop('SIGKILL')
      const own = async (): Promise<boolean> => (await rules(ns)).includes('DROP')
      await expect.poll(own, { timeout: 5_000 }).toBe(false)
      expect((await rules(ns)).split('\n').filter((line) => line.startsWith('-A'))).toEqual(
        before.split('\n').filter((line) => line.startsWith('-A')),
      )
    })

    test('a clean stop leaves everything in force, and uninstall takes exactly what is ours', async () => {
      const { ns, agent } = await agentMachine()
      await ns.run(['iptables', '-A', 'INPUT', '-s', '10.9.9.9', '-j', 'DROP'])
      const before = await rules(ns)
      agent.write(
        await networkOfDocuments(`${acceptOnly}  routes: [{ to: 10.60.0.0/16, via: 192.168.1.2, dev: eth0 }]\n`),
      )
      agent.start()
      await agent.statusUntil(isReady('Applied'))
      await agent.stop()
      expect(await rules(ns)).toContain('-j FAIRLEAD-INPUT')
      // Another root is another machine, unless somebody says that the kernel is the same.
      const elsewhere = await agent.verb('agent', 'uninstall', '--yes')
      expect([elsewhere.code, elsewhere.out]).toEqual([64, expect.stringContaining('say --kernel on')])
      expect(await rules(ns)).toContain('-j FAIRLEAD-INPUT')
      const gone = await agent.verb('agent', 'uninstall', '--yes', '--kernel', 'on')
      expect(gone.code, gone.out).toBe(0)
      const rulesOf = (text: string): readonly string[] =>
        text
          .split('\n')
          .filter((line) => /^[-:]/.test(line))
          .map((line) => line.replace(/ \[.*/, ''))
      expect(rulesOf(await rules(ns))).toEqual(expect.arrayContaining([...rulesOf(before)]))
      expect(await rules(ns)).not.toContain('FAIRLEAD')
      expect(await ns.run(['ip', 'route', 'show', 'proto', '201'])).toBe('')
    })
  },
)
