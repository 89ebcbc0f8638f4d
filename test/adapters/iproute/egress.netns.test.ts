import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EgressRule } from '../../../src/render/routes/egress.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'
import { newRouteLab, type RouteLab, remembered, rendered } from '../../netns/route-lab.ts'

const why = await whyNoNamespaces(['ip', 'iptables', 'ping', 'sysctl'])
const internet = '203.0.113.1'
const otherPod = '10.42.2.1'
const egress = { name: 'dsl', via: ['192.168.2.1'], dev: 'eth1', families: ['IPv4'] }

/** The node of the lab with a pod at 10.42.1.2 and a router at each uplink, which both have the Internet's address. */
describe.skipIf(why !== undefined)(`ways out with packets (${why ?? 'with namespaces'})`, () => {
  let lab: RouteLab
  let pod: Namespace
  let main: Namespace
  let dsl: Namespace
  let lastEchos: Map<Namespace, number>

  beforeEach(async () => {
    lab = await newRouteLab('eg')
    ;[pod, main, dsl] = await Promise.all([newNamespace('pod'), newNamespace('gwa'), newNamespace('gwb')])
    await lab.ip(
      4,
      `link set far0 netns ${main.name}`,
      `link set far1 netns ${dsl.name}`,
      'link add cni0 type bridge',
      `link add veth1 type veth peer name eth0 netns ${pod.name}`,
      'link set veth1 master cni0',
      'link set veth1 up',
      'link set cni0 up',
      'addr add 10.42.1.1/24 dev cni0',
      'route add default via 192.168.1.1',
      'route add 10.42.2.0/24 via 192.168.1.1',
    )
    await inside(pod, 'addr add 10.42.1.2/24 dev eth0', 'link set eth0 up', 'route add default via 10.42.1.1')
    await inside(
      main,
      'link set far0 up',
      'addr add 192.168.1.1/24 dev far0',
      `addr add ${internet}/32 dev lo`,
      `addr add ${otherPod}/32 dev lo`,
      'route add 10.42.1.0/24 via 192.168.1.5',
    )
    await inside(dsl, 'link set far1 up', 'addr add 192.168.2.1/24 dev far1', `addr add ${internet}/32 dev lo`)
    await setting('net.ipv4.ip_forward=1')
    for (const name of ['all', 'default', 'eth0', 'eth1', 'cni0']) await setting(`net.ipv4.conf.${name}.rp_filter=1`)
    lastEchos = new Map()
    await echos(main)
    await echos(dsl)
  })
  afterEach(async () => {
    await Promise.all([lab, pod, main, dsl].map((one) => one.down()))
  })

  async function inside(namespace: Namespace, ...lines: readonly string[]): Promise<void> {
    await namespace.run(['/usr/sbin/ip', '-batch', '-'], `${lines.join('\n')}\n`)
  }

  async function setting(text: string): Promise<void> {
    await lab.node.run(['/usr/sbin/sysctl', '-qw', text])
  }

  /** Echo requests that came in since the last look. */
  async function echos(namespace: Namespace): Promise<number> {
    const lines = (await namespace.run(['/bin/cat', '/proc/net/snmp']))
      .split('\n')
      .filter((line) => line.startsWith('Icmp:'))
    const [names = [], values = []] = lines.map((line) => line.split(' '))
    const now = Number(values[names.indexOf('InEchos')])
    const before = lastEchos.get(namespace) ?? 0
    lastEchos.set(namespace, now)
    return now - before
  }

  async function answers(to: string): Promise<boolean> {
    const { code } = await pod.commands.run(['/bin/ping', '-c', '1', '-W', '1', to])
    return code === 0
  }

  async function filter(rules: readonly EgressRule[]): Promise<void> {
    for (const { family, table, hook, rule } of rules.filter((one) => one.family === 4)) {
      expect(family).toBe(4)
      const { source, outInterface, mark } = rule.match
      await lab.node.run([
        '/usr/sbin/iptables',
        ...['-t', table, '-A', hook],
        ...(source?.kind === 'network' ? ['-s', source.cidr] : []),
        ...(outInterface === undefined ? [] : ['-o', outInterface.name]),
        ...(mark === undefined ? [] : ['-m', 'mark', '--mark', `${mark.value}/${mark.mask}`]),
        ...(rule.action.kind === 'mark'
          ? ['-j', 'MARK', '--set-xmark', `${rule.action.value}/${rule.action.mask}`]
          : []),
        ...(rule.action.kind === 'masquerade' ? ['-j', 'MASQUERADE'] : []),
      ])
    }
  }

  test('pods leave by the second uplink and get answers although rp_filter is strict; other pods are reached by main', async () => {
    const wanted = rendered({ egress: [egress] })
    await filter(wanted.egressRules)
    expect((await lab.pass(wanted)).refused).toEqual([])
    // The answers die without the setting that goes with the way out.
    expect(await answers(internet)).toBe(false)
    for (const { path, value } of wanted.sysctls) await setting(`${path.join('/')}=${value}`)
    await echos(dsl)
    expect(await answers(internet)).toBe(true)
    expect(await echos(dsl)).toBe(1)
    expect(await echos(main)).toBe(0)
    expect(await answers(otherPod)).toBe(true)
    expect(await echos(main)).toBe(1)
    expect(await echos(dsl)).toBe(0)
  })

  test.each([
    { fallback: 'None', reaches: false },
    { fallback: 'Main', reaches: true },
  ])(
    'with the uplink down and fallback $fallback, a pod reaches the Internet: $reaches',
    async ({ fallback, reaches }) => {
      const wanted = rendered({ egress: [{ ...egress, fallback }] })
      await filter(wanted.egressRules)
      await lab.pass(wanted)
      for (const { path, value } of wanted.sysctls) await setting(`${path.join('/')}=${value}`)
      expect(await answers(internet)).toBe(true)
      expect(await echos(dsl)).toBe(1)
      await lab.ip(4, 'link set eth1 down')
      expect(await answers(internet)).toBe(reaches)
      expect(await echos(main)).toBe(reaches ? 1 : 0)
      // As long as the link is down, a pass neither opens the way nor complains.
      const { plan, refused } = await lab.pass(wanted, remembered(wanted))
      expect(plan.waiting.map(({ device, reason }) => [device, reason])).toEqual([['eth1', 'down']])
      expect(refused).toEqual([])
      expect(await answers(internet)).toBe(reaches)
      await lab.ip(4, 'link set eth1 up')
      await lab.pass(wanted, remembered(wanted))
      await echos(dsl)
      expect(await answers(internet)).toBe(true)
      expect(await echos(dsl)).toBe(1)
    },
  )
})
