import { describe, expect, test } from 'vitest'
import type { NetworkProgram, Plane } from '../../../src/domain/network-program.ts'
import type { FamilyFilter } from '../../../src/domain/packet-filter.ts'
import { guardProgram } from '../../../src/plan/packet-path/guard-program.ts'
import { renderFirewall } from '../../../src/render/firewall/render-firewall.ts'
import { agent, cluster, type Json, server } from '../../render/firewall/documents.ts'
import { recordedTables, serverRoutes } from './recorded-node.ts'

function guarded(firewall: Json, plane: Plane, network?: Json) {
  const rendered = renderFirewall(cluster([{ firewall }], network), server, [server, agent])
  const { filter: program, failsafe }: Pick<NetworkProgram, 'filter' | 'failsafe'> = rendered
  expect(program).toBeDefined()
  return guardProgram({ program, failsafe, plane, tables: recordedTables(), hostRoutes: serverRoutes })
}

/** What people write when they close a node; each of them is safe, because the failsafes come first. */
const documents: readonly (readonly [string, Json])[] = [
  [
    'only the administrators, and a port for everybody',
    {
      management: { from: ['192.168.1.0/24'] },
      input: [
        { name: 'web', protocol: 'tcp', ports: [80, 443], action: 'Accept' },
        { name: 'rest-tcp', protocol: 'tcp', action: 'Drop' },
        { name: 'rest-udp', protocol: 'udp', action: 'Drop' },
      ],
    },
  ],
  ['everything denied', { input: [{ name: 'rest', action: 'Drop' }] }],
  ['everything refused', { input: [{ name: 'rest', action: 'Reject' }] }],
  [
    'NodePorts for the LAN only',
    {
      services: [{ name: 'lan', notFrom: ['192.168.0.0/16'], protocol: 'tcp', ports: ['30000-32767'], action: 'Drop' }],
    },
  ],
  ['every service denied', { services: [{ name: 'all', action: 'Drop' }] }],
  ['nothing passed on from outside', { forward: [{ name: 'in', inInterface: 'eth0', action: 'Drop' }] }],
  [
    'ssh denied, which the failsafes come before',
    { input: [{ name: 'no-ssh', protocol: 'tcp', ports: [22], action: 'Drop' }] },
  ],
]

describe('documents that are compiled with their failsafes pass the guard', () => {
  for (const plane of ['iptables', 'nft'] as const) {
    for (const [name, firewall] of documents) {
      test(`${name} (${plane})`, () => {
        const { refusals, incomplete, warnings } = guarded(firewall, plane)
        expect({ refusals, incomplete }).toEqual({ refusals: [], incomplete: [] })
        // The recorded cluster has no pods, and its own DNS Service rejects everybody.
        expect(warnings.map(({ chain }) => chain)).toEqual(['filter KUBE-SERVICES'])
      })
    }
  }

  test('with vxlan, host-gw and WireGuard between the nodes', () => {
    for (const backend of ['vxlan', 'host-gw', 'wireguard-native']) {
      const found = guarded({ input: [{ name: 'rest', action: 'Drop' }] }, 'iptables', {
        cni: { flannel: { backend } },
      })
      expect(found.refusals, backend).toEqual([])
    }
  })
})

test('the same documents without their failsafes are refused, SSH by name', () => {
  const { filter, failsafe } = renderFirewall(
    cluster([{ firewall: { input: [{ name: 'rest', action: 'Drop' }] } }]),
    server,
    [server, agent],
  )
  const strip = (family: FamilyFilter): FamilyFilter => ({
    ...family,
    chains: family.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.filter(({ origin }) => origin.kind === 'document'),
    })),
  })
  if (filter === undefined) throw new Error('nothing was compiled')
  const program = { v4: strip(filter.v4), v6: strip(filter.v6) }
  const found = guardProgram({
    program,
    failsafe,
    plane: 'iptables',
    tables: recordedTables(),
    hostRoutes: serverRoutes,
  })
  const origins = found.refusals.map(({ code, flow, origin }) => [
    code,
    flow?.name,
    origin?.kind === 'document' ? origin.path : '',
  ])
  expect(origins).toContainEqual(['FAILSAFE_DROPPED', 'ssh', 'spec.firewall.input[0]'])
  expect(origins).toContainEqual(['DENY_WITHOUT_FAILSAFE', undefined, 'spec.firewall.input[0]'])
})
