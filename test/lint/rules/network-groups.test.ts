import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assumedFacts } from '../../../src/domain/facts.ts'
import type { HostReading } from '../../../src/domain/host.ts'
import { allFlags } from '../../../src/k3s/flags/flag-catalogue.ts'
import { addressingRules } from '../../../src/lint/addressing/addressing-rules.ts'
import { consistencyRules } from '../../../src/lint/consistency/consistency-rules.ts'
import { nodeRules } from '../../../src/lint/node-identity/node-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { node, service, subject } from '../../lab/lint-subject.ts'

const groups = [addressingRules, consistencyRules, nodeRules]
const rules = groups.flatMap((group) => group.rules)

const host: HostReading = {
  hostName: 'pi-1',
  files: new Map(),
  unreadable: [],
  sysctls: { 'net.ipv4.ip_local_port_range': '32768\t60999', 'net.ipv6.conf.eth0.accept_ra': '1' },
  network: {
    interfaces: [
      { name: 'lo', isUp: true, mtuBytes: 65_536, addresses: ['127.0.0.1/8', '::1/128'] },
      { name: 'eth0', isUp: true, mtuBytes: 1500, addresses: ['192.168.1.5/24', 'fe80::5/64', '2001:db8::5/64'] },
      { name: 'flannel.1', isUp: true, mtuBytes: 1450, type: 'vxlan', addresses: ['10.42.0.0/32'] },
      { name: 'cni0', isUp: true, mtuBytes: 1450, type: 'bridge', addresses: ['10.42.0.1/24'] },
    ],
    defaultRoutes: [
      { family: 4, device: 'eth0', gateway: '192.168.1.1' },
      { family: 6, device: 'eth0', gateway: 'fe80::1', protocol: 'ra' },
    ],
  },
}

describe('a cluster with the defaults of K3s has no finding', () => {
  const plain: readonly { readonly name: string; readonly of: LintSubject }[] = [
    {
      name: 'nobody looked',
      of: subject({
        nodes: assumedFacts.nodes.map((facts) => node({ name: facts.name, role: facts.role })),
        facts: assumedFacts,
      }),
    },
    {
      name: 'three servers and two agents that live',
      of: subject({
        nodes: [1, 2, 3, 4, 5].map((index) =>
          node({
            name: `pi-${index}`,
            role: index < 4 ? 'server' : 'agent',
            facts: { addresses: [`192.168.1.${index}`], externalAddresses: [] },
          }),
        ),
        services: [service('web', { ports: [{ protocol: 'TCP', port: 80, nodePort: 30_080 }] })],
      }),
    },
    {
      name: 'a machine',
      of: subject({
        scope: 'machine',
        nodes: [
          node({
            host,
            config: { files: [], ignoredFiles: [], arguments: [], environment: [] },
            facts: { addresses: ['192.168.1.5'] },
          }),
        ],
      }),
    },
    {
      name: 'an agent alone',
      of: subject({
        scope: 'machine',
        nodes: [node({ role: 'agent', host, settings: { server: 'https://k3s.lan:6443' } })],
      }),
    },
    { name: 'nothing changes', of: { ...subject(), before: { ...subject(), scope: 'capture' } } },
    { name: 'no node', of: subject({ nodes: [] }) },
  ]
  for (const { name, of } of plain) test(name, () => expect(runRules(rules, of)).toEqual([]))
})

test('ids are of one group each, and every entry says why', () => {
  const ids = groups.flatMap((group) => [...group.rules, ...group.notApplicable].map(({ id }) => id))
  expect(new Set(ids).size).toBe(ids.length)
  expect(rules.filter((rule) => rule.sources.length === 0 || rule.fix === '' || rule.why === '')).toEqual([])
})

describe('whatever the settings hold', () => {
  const words = [
    '10.42.0.0/16',
    'fd00:42::/56',
    '10.43.0.10',
    '::',
    '',
    '-',
    'none',
    'true',
    '1-65535',
    'a,b',
    'x=y:NoSchedule',
    'node-cidr-mask-size=99',
    'max-pods=9',
    'kubernetes.io/x=y',
    'eth0',
    '/etc/resolv.conf',
  ]
  const text = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 12 }))
  const flags = fc.dictionary(fc.constantFrom(...allFlags.map(({ name }) => name)), fc.array(text, { maxLength: 3 }), {
    maxKeys: 12,
  })
  const nodeLiteral = fc.record({
    role: fc.constantFrom('server' as const, 'agent' as const),
    settings: flags,
    address: text,
    hasHost: fc.boolean(),
  })
  const cluster = fc
    .record({
      nodes: fc.array(nodeLiteral, { maxLength: 4 }),
      scope: fc.constantFrom('repository' as const, 'capture' as const, 'machine' as const),
    })
    .map(({ nodes, scope }) =>
      subject({
        scope,
        nodes: nodes.map(({ role, settings, address, hasHost }, index) =>
          node({ name: `pi-${index}`, role, settings, facts: { addresses: [address] }, ...(hasHost ? { host } : {}) }),
        ),
      }),
    )

  test('the rules do not throw, and say the same twice', () => {
    fc.assert(
      fc.property(cluster, cluster, (now, before) => {
        const of = { ...now, before }
        expect(runRules(rules, of)).toEqual(runRules(rules, of))
      }),
      { numRuns: 300 },
    )
  })

  test('a cluster before itself has nothing that cannot be changed, and no server to restart', () => {
    fc.assert(
      fc.property(cluster, (now) => {
        const codes = runRules(rules, { ...now, before: now }).map(({ code }) => code)
        expect(codes).not.toContain('CON_IMMUTABLE')
        expect(codes).not.toContain('CON_SERVER_RESTARTS')
      }),
    )
  })

  test('servers that are told the same are never unequal', () => {
    fc.assert(
      fc.property(flags, (settings) => {
        const of = subject({
          nodes: ['pi-1', 'pi-2'].map((name) => node({ name, settings, facts: { addresses: ['192.168.1.5'] } })),
        })
        expect(runRules(consistencyRules.rules, of)).toEqual([])
      }),
    )
  })
})
