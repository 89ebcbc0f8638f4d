import { expect, test } from 'vitest'
import { programChanges } from '../../../src/plan/network/program-changes.ts'
import { networkOf } from '../../../src/reconcile/network/converge-network.ts'
import { sortedKeys } from '../../../src/text/sorted-keys.ts'
import { nodeProgram } from '../../lab/agent-in-namespace.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'

const documents = `
  firewall:
    management: { from: [192.168.10.0/24] }
    input: [{ name: no-web, from: [10.9.0.0/16], protocol: tcp, ports: [8080], action: Drop }]
  routes: [{ to: 10.60.0.0/16, via: 192.168.1.2, dev: eth0 }]
  routingRules: [{ from: 10.61.0.0/16, table: 7100 }]
  egress: [{ name: uplink, dev: eth1, via: [192.0.2.1], families: [IPv4] }]
  sysctls: { net.ipv4.conf.eth0.rp_filter: "2" }
`

test('a program that was read back from the disk, with its keys in another order, is no change and no other program', async () => {
  const network = await networkOfDocuments(documents)
  if (network === undefined) throw new Error('the documents ask for nothing')
  const readBack = JSON.parse(JSON.stringify(sortedKeys(network)))
  expect(JSON.stringify(readBack)).not.toBe(JSON.stringify(network))
  expect(programChanges(readBack, network)).toEqual([])
  const revision = { name: 'main@sha1:1', sequence: 1 } as never
  const digestOf = (one: typeof network): string => networkOf({ program: nodeProgram(one), revision }).digest
  expect(digestOf(readBack)).toBe(digestOf(network))
})
