import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filterFaults } from './filter-faults.ts'
import { foreignRules } from './foreign-lines.ts'
import { installK3s } from './k3s-install.ts'
import { type Lab, labUp } from './lab.ts'
import { whyNoNamespaces } from './namespace.ts'
import { backends, events, foreignLines, processes, routes, rules } from './observe.ts'
import { pullCable, routeFaults } from './route-faults.ts'
import { advertiseRouter } from './router-advertisement.ts'
import { addresses } from './topology.ts'
import { ping } from './traffic.ts'

const why = await whyNoNamespaces([
  'ip',
  'nft',
  'iptables-nft-restore',
  'iptables-legacy-restore',
  'ipset',
  'flock',
  'perl',
])
const linesOf = (text: string, start: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith(start))

for (const backend of backends) {
  for (const family of [4, 6] as const) {
    describe.skipIf(why !== undefined)(
      `faults of the filter, ${backend}, IPv${family} (${why ?? 'namespaces'})`,
      () => {
        let lab: Lab
        const place = { backend, family }
        beforeEach(async () => {
          lab = await labUp({ only: ['n1'] })
          await installK3s(lab, 'n1', { backend, nodePort: 30080 })
        })
        afterEach(() => lab.down())
        const saved = async (): Promise<string> => (await rules(lab, 'n1', backend))[family === 4 ? 'v4' : 'v6']

        test('do to chains and jumps what they say, and nothing to the other family', async () => {
          const faults = filterFaults(lab, 'n1')
          const other = (await rules(lab, 'n1', backend))[family === 4 ? 'v6' : 'v4']
          await faults.duplicateJump('FORWARD', 'KUBE-FORWARD', place)
          const jumps = linesOf(await saved(), '-A FORWARD').filter((line) => line.endsWith('-j KUBE-FORWARD'))
          expect(jumps.length).toBe(2)
          expect(await faults.deleteJump('FORWARD', 'KUBE-FORWARD', place)).toBe(2)
          const rule = await faults.insertForeign('FORWARD', place)
          expect(linesOf(await saved(), '-A FORWARD')[0]).toBe(rule)

          const [first, second, ...rest] = linesOf(await saved(), '-A KUBE-FORWARD')
          await faults.swapRules('KUBE-FORWARD', place)
          expect(linesOf(await saved(), '-A KUBE-FORWARD')).toEqual([second, first, ...rest])
          await faults.deleteRule('KUBE-FORWARD', 1, place)
          expect(linesOf(await saved(), '-A KUBE-FORWARD')).toEqual([first, ...rest])
          await faults.flushChain('KUBE-FORWARD', place)
          expect(linesOf(await saved(), '-A KUBE-FORWARD')).toEqual([])
          await faults.policy('INPUT', 'DROP', place)
          expect(linesOf(await saved(), ':INPUT DROP').length).toBe(1)
          await faults.flushTable({ ...place, table: 'nat' })
          expect(await saved()).not.toContain('KUBE-SVC-')
          const after = (await rules(lab, 'n1', backend))[family === 4 ? 'v6' : 'v4']
          expect(foreignRules(after)).toBe(foreignRules(other))
        })

        test('a big table has as many rules as were asked for', async () => {
          await filterFaults(lab, 'n1').bigTable(3000, place)
          expect(new Set(linesOf(await saved(), '-A OTHER-BIG')).size).toBe(3000)
        })
      },
    )
  }
}

describe.skipIf(why !== undefined)(`faults of a whole node (${why ?? 'namespaces'})`, () => {
  let lab: Lab
  beforeEach(async () => {
    lab = await labUp({ only: ['gw', 'n1', 'n2'], secondUplink: true })
  })
  afterEach(() => lab.down())

  test('a held lock keeps the legacy backend waiting, of this namespace only', async () => {
    const release = await filterFaults(lab, 'n1').holdLock(20)
    const commands = lab.commands('n1')
    expect((await commands.run(['iptables-legacy', '-w', '1', '-S'])).code).toBe(4)
    expect((await lab.commands('n2').run(['iptables-legacy', '-w', '1', '-S'])).code).toBe(0)
    await release()
    expect((await commands.run(['iptables-legacy', '-w', '1', '-S'])).code).toBe(0)
  })

  test('native rules in the filter table hide it, break the saving of it, or are misread', async () => {
    const faults = filterFaults(lab, 'n1')
    const save = async (): Promise<readonly [number | undefined, string]> => {
      const { code, stdout } = await lab.commands('n1').run(['iptables-nft-save', '-t', 'filter'])
      await faults.flushRuleset()
      return [code, stdout.replace(/^# (Generated|Completed).*\n/gm, '')]
    }
    await installK3s(lab, 'n1')
    await faults.nativeRule('hidesTable')
    expect(await save()).toEqual([0, "# Table `filter' is incompatible, use 'nft' tool.\n"])

    await installK3s(lab, 'n1')
    await faults.nativeRule('breaksSave')
    const [code, printed] = await save()
    expect(code).toBe(3)
    expect(printed).toContain('-A INPUT -j KUBE-FIREWALL')
    expect(printed).not.toContain('COMMIT')

    await faults.nativeRule('isMisread')
    expect((await save())[1]).toContain('-A OTHER-NATIVE -j ACCEPT')
    expect((await rules(lab, 'n1')).v4).not.toContain('OTHER-NATIVE')
  })

  test('the recipe of the vendor takes the chains and leaves other rules', async () => {
    await installK3s(lab, 'n1', { nodePort: 30080 })
    const faults = filterFaults(lab, 'n1')
    const rule = await faults.insertForeign('INPUT')
    await faults.vendorGrep('install')
    const { v4 } = await rules(lab, 'n1')
    expect(v4).not.toMatch(/KUBE-|FLANNEL/)
    expect(v4).toContain(rule)
  })

  test('routes go, change and become holes', async () => {
    const faults = routeFaults(lab, 'n1')
    await faults.replaceRoute(`10.42.2.0/24 via ${addresses.gw[4]} dev eth0`)
    expect(await routes(lab, 'n1')).toContain(`10.42.2.0/24 via ${addresses.gw[4]}`)
    await faults.blackholeRoute('10.42.2.0/24')
    expect(await lab.x('n1', ['ip', 'route'])).toContain('blackhole 10.42.2.0/24')
    await faults.deleteRoute('10.42.2.0/24')
    await faults.deleteRoute('fd42:2::/64')
    expect(await routes(lab, 'n1')).not.toMatch(/10\.42\.2\.0|fd42:2::\/64/)
    await faults.flushMain()
    expect(await lab.x('n1', ['ip', 'route', 'show', 'table', 'main'])).toBe('')
  })

  test('flushed routing rules leave those of the kernel as they were', async () => {
    const before = await foreignLines(lab, 'n1')
    await lab.x('n1', ['ip', 'rule', 'add', 'pref', '5300', 'fwmark', '0x10/0xf0', 'lookup', '7100', 'protocol', '201'])
    await lab.x('n1', ['ip', '-6', 'rule', 'add', 'pref', '6000', 'from', 'fd42::/16', 'lookup', '900'])
    await routeFaults(lab, 'n1').flushRules()
    expect(await routes(lab, 'n1')).not.toMatch(/7100|900/)
    expect(await foreignLines(lab, 'n1')).toBe(before)
  })

  test('a flapped link loses its IPv4 routes without an event that says so', async () => {
    const seen = await events(lab, 'n1')
    await routeFaults(lab, 'n1').linkFlap('eth0')
    await seen.next(/eth0.*state UP/)
    await seen.stop()
    expect(seen.lines.filter((line) => line.startsWith('Deleted') && line.includes('10.42.2.0/24'))).toEqual([])
    const after = await lab.x('n1', ['ip', 'route'])
    expect(after).not.toContain('10.42.2.0/24')
    expect(after).not.toContain('default')
    expect(await ping(lab, 'n1', addresses.n2[4])).toBe(true)
  })

  test('a pulled cable keeps the routes and stops the packets, until it is back', async () => {
    const plugIn = await pullCable(lab, { ns: 'gw', device: 'n1' }, { ns: 'n1', device: 'eth0' })
    expect(await ping(lab, 'n1', addresses.n2[4])).toBe(false)
    expect(await lab.x('n1', ['ip', 'route'])).toMatch(/10\.42\.2\.0\/24 .*linkdown/)
    await plugIn()
    expect(await ping(lab, 'n1', addresses.n2[4])).toBe(true)
  })

  test('an address that goes takes its routes along, and a second uplink stays', async () => {
    await routeFaults(lab, 'n1').removeAddress(`${addresses.n1[4]}/24`, 'eth0')
    expect(await lab.x('n1', ['ip', 'route'])).not.toContain('dev eth0')
    expect(await ping(lab, 'n1', addresses.gwSecond[4])).toBe(true)
    expect(await ping(lab, 'n1', addresses.gwSecond[6])).toBe(true)
  })

  test('a storm of routes is there as a whole', async () => {
    await routeFaults(lab, 'n1').routeStorm(30_000, 'eth1')
    const printed = await lab.x('n1', ['ip', 'route', 'show', 'table', '900'])
    expect(printed.trim().split('\n').length).toBe(30_000)
  })

  test('a monitor that is stopped during a storm loses events and says so', async () => {
    const seen = await events(lab, 'n1')
    const monitor = (await processes(lab, 'n1')).find(({ command }) => command.includes('ip monitor'))
    if (monitor === undefined) throw new Error('no monitor')
    process.kill(monitor.pid, 'SIGSTOP')
    await routeFaults(lab, 'n1').routeStorm(30_000, 'eth1')
    process.kill(monitor.pid, 'SIGCONT')
    expect(await seen.next(/No buffer space available/, 5000)).toBeDefined()
    await seen.stop()
  })

  test('a router advertisement gives a default route, which goes when forwarding begins', async () => {
    const defaults = (): Promise<string> => lab.x('n1', ['ip', '-6', 'route', 'show', 'default', 'dev', 'eth1'])
    const faults = routeFaults(lab, 'n1')
    await faults.sysctl('net/ipv6/conf/all/forwarding', '0')
    await faults.sysctl('net/ipv6/conf/eth1/accept_ra', '1')
    await advertiseRouter(lab, 'gw', 'n1b')
    await expect.poll(defaults).toContain('proto ra')
    await faults.sysctl('net/ipv6/conf/all/forwarding', '1')
    expect(await defaults()).toBe('')
    await faults.sysctl('net/ipv6/conf/eth1/accept_ra', '2')
    await advertiseRouter(lab, 'gw', 'n1b')
    await expect.poll(defaults).toContain('proto ra')
  })

  test('a monitor tells of rules and names the process that wrote them', async () => {
    const seen = await events(lab, 'n1')
    await lab.x('n1', ['iptables-nft', '-N', 'OTHER'])
    expect(await seen.next(/new generation \d+ by process \d+ \(iptables-nft\)/)).toContain('iptables-nft')
    await seen.stop()
  })
})
