import { describe, expect, onTestFinished, test } from 'vitest'
import { installK3s } from '../netns/k3s-install.ts'
import { newNamespace } from '../netns/namespace.ts'
import { events } from '../netns/observe.ts'
import { routeFaults } from '../netns/route-faults.ts'
import { advertiseRouter } from '../netns/router-advertisement.ts'
import { httpServer } from '../netns/traffic.ts'
import { agentOnNode, isInForce, skipped, whyNotHere } from './agent-on-node.ts'
import { timeUntil } from './time-until.ts'

describe.skipIf(whyNotHere !== undefined)(`kernel settings${skipped}`, () => {
  test('case 38: an advertised default route stays when forwarding is switched on together with accept_ra', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    const faults = routeFaults(lab, 'n1')
    await faults.deleteRoute('default via fd11::1 dev eth0')
    for (const device of ['all', 'default', 'eth0', 'cni0'])
      await faults.sysctl(`net/ipv6/conf/${device}/forwarding`, '0')
    await faults.sysctl('net/ipv6/conf/eth0/accept_ra', '1')
    const defaults = async (): Promise<string> => await lab.x('n1', ['ip', '-6', 'route', 'show', 'default'])
    await timeUntil(async () => {
      await advertiseRouter(lab, 'gw', 'brA')
      return (await defaults()).includes('proto ra')
    }, 5_000)
    const told = await events(lab, 'n1')
    onTestFinished(() => told.stop())
    await enforce(
      '  sysctls: { net.ipv6.conf.all.forwarding: "1", net.ipv6.conf.eth0.accept_ra: "2", net.ipv6.conf.all.accept_ra: "2" }\n',
    )
    expect(await lab.x('n1', ['cat', '/proc/sys/net/ipv6/conf/all/forwarding'])).toBe('1\n')
    expect(await defaults()).toContain('proto ra')
    expect(told.lines.filter((line) => line.startsWith('Deleted default'))).toEqual([])
    await agent.statusUntil(isInForce)
  })

  test('case 41: a pod reaches a Service whose pod is on the same node again, once the bridge asks iptables again', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1', 'p1'], interval: '2s' })
    const faults = routeFaults(lab, 'n1')
    await installK3s(lab, 'n1')
    await httpServer(lab, 'p1', 8080)
    const pod = await newNamespace('pod')
    onTestFinished(() => pod.down())
    const links = [`link add vethnew netns ${lab.nameOf('n1')} type veth peer name eth0 netns ${pod.name}`]
    await pod.run(['ip', '-batch', '-'], `${links.join('\n')}\n`)
    await lab.x('n1', ['ip', 'link', 'set', 'vethnew', 'master', 'cni0', 'up'])
    for (const words of ['link set eth0 up', 'addr add 10.42.1.11/24 dev eth0', 'route add default via 10.42.1.1']) {
      await pod.run(['ip', ...words.split(' ')])
    }
    const reachesService = async (): Promise<boolean> => {
      const asked = 'exec 3<>/dev/tcp/10.43.0.80/80'
      return (await pod.commands.run(['timeout', '1', 'bash', '-c', asked])).code === 0
    }
    const setting = 'net/bridge/bridge-nf-call-iptables'
    await faults.sysctl(setting, '0')
    expect(await reachesService()).toBe(false)
    await enforce('  sysctls: { net.bridge.bridge-nf-call-iptables: "1" }\n')
    expect(await reachesService()).toBe(true)
    await faults.sysctl(setting, '0')
    await timeUntil(async () => (await lab.x('n1', ['cat', `/proc/sys/${setting}`])) === '1\n', 10_000)
    expect(await reachesService()).toBe(true)
    await agent.statusUntil(isInForce)
  })
})
