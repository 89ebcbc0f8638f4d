import { describe, expect, test } from 'vitest'
import type { NetworkPorts } from '../../../src/reconcile/network/network-ports.ts'
import { sessionsLost } from '../../../src/reconcile/network/session-guard.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'

const addresses = [{ address: '192.168.1.5/24', noPrefixRoute: false }]
const eth0 = { name: 'eth0', index: 2, isUp: true, hasCarrier: true, mtuBytes: 1500, addresses }

async function lost(spec: string, sessions: readonly { readonly peer: string; readonly port: number }[]) {
  const program = await networkOfDocuments(spec)
  const ports = {
    probes: { run: async () => [], sessions: async () => sessions },
    filter: () => ({ tables: async () => ({ v4: [], v6: [], sets: new Map() }) }),
    routes: async () => ({ read: async () => ({ routes: [], rules: [], links: [eth0] }) }),
  } as unknown as NetworkPorts
  const wanted = {
    ...(program === undefined ? {} : { program }),
    digest: 'd',
    revision: { name: 'r', commit: '', author: '', subject: '' },
  }
  return await sessionsLost(wanted, ports, new AbortController().signal)
}

const closed = `  firewall:
    management: { from: [192.168.99.0/24] }
    input:
      - { name: no-ssh, notFrom: [192.168.99.0/24], protocol: tcp, ports: [22], action: Drop }
`

describe('whoever is logged in', () => {
  test('and could not log in again is named, with the rule', async () => {
    const found = await lost(closed, [{ peer: '192.168.1.9', port: 22 }])
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('192.168.1.9 is logged in on port 22 and could not log in again because of no-ssh')
  })

  test('from where the management is goes on, and so do sessions on other ports', async () => {
    expect(
      await lost(closed, [
        { peer: '192.168.99.9', port: 22 },
        { peer: '192.168.1.9', port: 8080 },
      ]),
    ).toEqual([])
  })

  test('is no matter to a program without rules', async () => {
    expect(await lost('  routes: []\n', [{ peer: '192.168.1.9', port: 22 }])).toEqual([])
  })
})
