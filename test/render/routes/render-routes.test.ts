import { describe, expect, test } from 'vitest'
import { ruleKey } from '../../../src/domain/route-identity.ts'
import { renderRoutes } from '../../../src/render/routes/render-routes.ts'
import type { RouteContext } from '../../../src/render/routes/route-input.ts'
import { nodeNetwork } from '../../lab/node-network.ts'

const context: RouteContext = {
  clusterCIDRs: ['10.42.0.0/16', 'fd00:42::/56'],
  serviceCIDRs: ['10.43.0.0/16'],
  nodeNetworks: ['192.168.1.5', 'fd00:1::5'],
}

function render(...specs: readonly Readonly<Record<string, unknown>>[]): ReturnType<typeof renderRoutes> {
  const networks = specs.map((spec, index) => ({
    network: nodeNetwork(`n${index}`, { nodes: { names: ['pi-1'] }, ...spec }),
    file: `n${index}.yaml`,
  }))
  return renderRoutes(networks, context)
}

describe('routes', () => {
  test.each([
    [
      { to: 'default', via: '192.168.1.1' },
      { family: 4, to: '0.0.0.0/0', metric: 0, table: 254 },
    ],
    [
      { to: 'default', via: 'fd00:1::1' },
      { family: 6, to: '::/0', metric: 1024, table: 254 },
    ],
    [
      { to: 'default', dev: 'ppp0' },
      { family: 4, to: '0.0.0.0/0' },
    ],
    [
      { to: 'default', nextHops: [{ dev: 'a' }, { via: 'fd00:1::1', dev: 'b' }] },
      { family: 6, to: '::/0' },
    ],
    [
      { to: 'FD00:0:0:9::/64', via: 'FD00:1::0:1' },
      { to: 'fd00:0:0:9::/64', nextHops: [{ via: 'fd00:1::1' }] },
    ],
    [
      { to: '::/0', via: 'fe80::1', dev: 'eth0', metric: 0 },
      { metric: 1024, nextHops: [{ via: 'fe80::1', dev: 'eth0' }] },
    ],
    [
      { to: '10.0.0.0/8', type: 'Blackhole' },
      { type: 'blackhole', nextHops: [] },
    ],
    [{ to: '10.0.0.0/8', nextHops: [{ via: '10.1.1.1', weight: 7 }] }, { nextHops: [{ via: '10.1.1.1' }] }],
    [
      {
        to: '10.0.0.0/8',
        nextHops: [
          { via: '1.1.1.1', weight: 7 },
          { via: '1.1.1.2', dev: 'eth1', onlink: true },
        ],
      },
      {
        nextHops: [
          { via: '1.1.1.1', weight: 7 },
          { via: '1.1.1.2', dev: 'eth1', onlink: true },
        ],
      },
    ],
    [
      { to: '10.0.0.0/8', via: '1.1.1.1', mtu: 1400, source: '10.9.9.9', table: 7100, onConflict: 'Adopt' },
      { mtuBytes: 1400, preferredSource: '10.9.9.9', table: 7100, onConflict: 'Adopt', type: 'unicast' },
    ],
  ])('%j', (route, expected) => {
    const { routes, refused } = render({ routes: [route] })
    expect(routes).toMatchObject([{ ...expected, origin: 'n0.yaml spec.routes[0]' }])
    expect(refused).toEqual([])
  })

  test('the second of two with one destination, metric and table is refused, unless it says the same', () => {
    const same = { to: '10.0.0.0/8', via: '1.1.1.1' }
    const { routes, refused } = render({ routes: [same] }, { routes: [same, { ...same, via: '1.1.1.2' }] })
    expect(routes).toHaveLength(1)
    expect(refused).toEqual([{ origin: 'n1.yaml spec.routes[1]', reason: expect.stringContaining('n0.yaml') }])
  })
})

describe('routing rules', () => {
  const keys = (...specs: readonly Readonly<Record<string, unknown>>[]): readonly string[] =>
    render(...specs).routingRules.map(ruleKey)

  test('without a priority they get the next one from 5300 on that nobody wrote, through all documents', () => {
    const rule = (from: string, more: object = {}): object => ({ from, table: 7150, ...more })
    expect(
      keys(
        { routingRules: [rule('10.1.0.0/16'), rule('10.2.0.0/16', { priority: 5302 })] },
        {
          routingRules: [
            rule('10.3.0.0/16', { priority: 5301 }),
            rule('10.4.0.0/16'),
            rule('10.5.0.0/16', { priority: 100 }),
          ],
        },
      ),
    ).toEqual([
      '4:100 from 10.5.0.0/16 lookup 7150',
      '4:5300 from 10.1.0.0/16 lookup 7150',
      '4:5301 from 10.3.0.0/16 lookup 7150',
      '4:5302 from 10.2.0.0/16 lookup 7150',
      '4:5303 from 10.4.0.0/16 lookup 7150',
    ])
  })

  test('those without a range are for both families, or for those that they name', () => {
    expect(keys({ routingRules: [{ fwmark: { value: 0x1ff, mask: 0xf0 }, table: 7150 }] })).toEqual([
      '4:5300 fwmark 240/240 lookup 7150',
      '6:5300 fwmark 240/240 lookup 7150',
    ])
    expect(keys({ routingRules: [{ inInterface: 'wg0', action: 'Prohibit', families: ['IPv6'] }] })).toEqual([
      '6:5300 iif wg0 prohibit',
    ])
    expect(keys({ routingRules: [{ from: '0.0.0.0/0', table: 254, suppressPrefixLength: 0 }] })).toEqual([
      '4:5300 lookup 254 suppress_prefixlength 0',
    ])
  })

  test('the eighty-first without a priority is refused', () => {
    const routingRules = Array.from({ length: 81 }, (_, index) => ({ from: `10.${index}.0.0/16`, table: 7150 }))
    const { routingRules: rules, refused } = render({ routingRules })
    expect(rules.at(-1)?.priority).toBe(5379)
    expect(refused.map(({ origin }) => origin)).toEqual(['n0.yaml spec.routingRules[80]'])
  })
})

describe('ways out', () => {
  const dsl = { name: 'dsl', via: ['192.168.2.1'], dev: 'eth1' }

  test('mark, lead to a table of their own, fail closed, and leave pods, Services and nodes to main', () => {
    const out = render({ egress: [{ ...dsl, families: ['IPv4'], except: ['192.168.0.0/16'] }] })
    expect(out.routes).toMatchObject([
      { table: 7100, to: '0.0.0.0/0', metric: 0, nextHops: [{ via: '192.168.2.1', dev: 'eth1' }] },
      { table: 7100, to: '0.0.0.0/0', metric: 4_294_967_295, type: 'unreachable' },
    ])
    expect(out.routingRules.map(ruleKey)).toEqual([
      '4:5380 to 10.42.0.0/16 lookup 254',
      '4:5380 to 10.43.0.0/16 lookup 254',
      '4:5380 to 192.168.0.0/16 fwmark 16/240 lookup 254',
      '4:5380 to 192.168.1.5/32 lookup 254',
      '4:5390 fwmark 16/240 lookup 7100',
    ])
    expect(out.sysctls.map(({ key, value }) => [key, value])).toEqual([['net.ipv4.conf.eth1.rp_filter', '2']])
    expect(out.egressRules).toEqual([
      {
        family: 4,
        table: 'mangle',
        hook: 'PREROUTING',
        rule: {
          match: { source: { kind: 'network', cidr: '10.42.0.0/16', negated: false } },
          action: { kind: 'mark', value: 16, mask: 240 },
          origin: { kind: 'document', file: 'n0.yaml', path: 'spec.egress[0]', name: 'dsl' },
        },
      },
      {
        family: 4,
        table: 'nat',
        hook: 'POSTROUTING',
        rule: {
          match: {
            source: { kind: 'network', cidr: '10.42.0.0/16', negated: false },
            outInterface: { name: 'eth1', isPrefix: false, negated: false },
            mark: { value: 16, mask: 240, negated: false },
          },
          action: { kind: 'masquerade' },
          origin: { kind: 'document', file: 'n0.yaml', path: 'spec.egress[0]', name: 'dsl' },
        },
      },
    ])
  })

  test('a family whose gateway is missing has no way but the end', () => {
    const { routes } = render({ egress: [dsl] })
    expect(routes.filter(({ family }) => family === 6)).toMatchObject([{ type: 'unreachable', table: 7100 }])
    const main = render({ egress: [{ ...dsl, fallback: 'Main' }] })
    expect(main.routes.map(({ family, type }) => [family, type])).toEqual([[4, 'unicast']])
  })

  test('tables that somebody named are left out, and marks are counted up to fifteen', () => {
    const egress = Array.from({ length: 16 }, (_, index) => ({
      name: `way-${index}`,
      dev: `eth${index}`,
      from: [`10.42.${index}.0/24`],
    }))
    const { egressRules, routes, refused } = render({
      egress,
      routes: [{ to: '10.0.0.0/8', dev: 'eth0', table: 7101 }],
    })
    const marks = egressRules.flatMap(({ rule }) => (rule.action.kind === 'mark' ? [rule.action.value] : []))
    expect(marks).toEqual(Array.from({ length: 15 }, (_, index) => (index + 1) * 16))
    expect([...new Set(routes.filter(({ to }) => to === '0.0.0.0/0').map(({ table }) => table))].slice(0, 3)).toEqual([
      7100, 7102, 7103,
    ])
    expect(refused.map(({ origin }) => origin)).toEqual(['n0.yaml spec.egress[15]'])
  })
})

describe('kernel settings', () => {
  test('accept_ra and rp_filter come before forwarding, forwarding for all before that of an interface', () => {
    const sysctls = {
      'net.core.somaxconn': '4096',
      'net.ipv4.conf.eth0.forwarding': '0',
      'net.ipv4.ip_forward': '1',
      'net.ipv4.conf.all.rp_filter': '2',
      'net.ipv6.conf.all.forwarding': '1',
      'net.ipv6.conf.flannel.1.accept_ra': '2',
    }
    expect(render({ sysctls }).sysctls.map(({ key }) => key)).toEqual([
      'net.ipv6.conf.flannel.1.accept_ra',
      'net.ipv4.conf.all.rp_filter',
      'net.ipv4.ip_forward',
      'net.ipv6.conf.all.forwarding',
      'net.ipv4.conf.eth0.forwarding',
      'net.core.somaxconn',
    ])
  })

  test('two spellings of one setting are one; a second value is refused, and so is what is not managed', () => {
    const { sysctls, refused } = render(
      { sysctls: { 'net.ipv4.conf.eth0/100.rp_filter': '2', 'net.ipv4.route.flush': '1' } },
      { sysctls: { 'net.ipv4.conf.eth0.100.rp_filter': ' 2 ' } },
      { sysctls: { 'net.ipv4.conf.eth0.100.rp_filter': '1' } },
    )
    expect(sysctls).toMatchObject([{ path: ['net', 'ipv4', 'conf', 'eth0.100', 'rp_filter'], value: '2' }])
    expect(refused.map(({ origin }) => origin)).toEqual([
      'n0.yaml spec.sysctls["net.ipv4.route.flush"]',
      'n2.yaml spec.sysctls["net.ipv4.conf.eth0.100.rp_filter"]',
    ])
  })

  test('what a document says of an interface of a way out wins', () => {
    const { sysctls } = render({
      egress: [{ name: 'dsl', dev: 'eth1' }],
      sysctls: { 'net.ipv4.conf.eth1.rp_filter': '0' },
    })
    expect(sysctls.map(({ value }) => value)).toEqual(['0'])
  })
})

test('the same documents give the same bytes', () => {
  const spec = {
    egress: [{ name: 'dsl', dev: 'eth1' }],
    routes: [{ to: 'default', dev: 'eth0' }],
    sysctls: { 'net.ipv4.ip_forward': '1' },
  }
  expect(JSON.stringify(render(spec))).toBe(JSON.stringify(render(spec)))
})
