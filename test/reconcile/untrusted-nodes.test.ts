import { describe, expect, test } from 'vitest'
import { nodeFacts } from '../../src/adapters/kube/node-facts.ts'
import type { Facts } from '../../src/domain/facts.ts'
import type { Json } from '../../src/domain/plain-json.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import { type Compiled, compileRevision } from '../../src/reconcile/compile-revision.ts'
import { textRepository } from '../lab/text-repository.ts'

const firewall = `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: all }
spec:
  nodes: { matchLabels: {} }
  firewall:
    management: { from: [10.9.0.0/24] }
    input: [{ name: nobody-else, protocol: tcp, ports: ["1024-32767"], action: Drop }]
`

function cluster(nodes = ''): string {
  return `apiVersion: fairlead.dev/v1alpha1\nkind: ClusterNetwork\nmetadata: { name: home }\nspec:\n  k3sVersion: v1.33.4+k3s1\n${nodes}`
}

async function compiled(nodes: readonly Json[], list?: string): Promise<Compiled & { readonly kind: 'compiled' }> {
  const facts: Facts = {
    origin: 'live',
    nodes: nodes.flatMap((node) => nodeFacts(node) ?? []),
    hasAllNodes: true,
    services: [],
  }
  const files = new Map([
    ['clusters/home/network.yaml', cluster(list)],
    ['clusters/home/nodes/all.yaml', firewall],
    ['clusters/home/manifests/app.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: app }\n'],
  ])
  const outcome = await compileRevision(textRepository(files), 'clusters/home', facts, new AbortController().signal)
  if (outcome.kind !== 'compiled') throw new Error(JSON.stringify(outcome.problems))
  return outcome
}

function node(name: string, addresses: readonly string[], metadata: Json = {}): Json {
  return {
    metadata: { name, ...metadata },
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  }
}

const labels = { 'node-role.kubernetes.io/control-plane': 'true', 'node-role.kubernetes.io/etcd': 'true' }
const server = (last: number) => node(`pi-${last}`, [`192.168.1.${last}`], { labels })
const saysServer = { 'k3s.io/node-args': '["server"]' }

function program({ nodes }: { readonly nodes: readonly NodeProgram[] }, name: string): NodeProgram {
  const found = nodes.find((one) => one.node === name)
  if (found === undefined) throw new Error(`no program for ${name}`)
  return found
}

function peers({ network }: NodeProgram, port: number): readonly string[] {
  const flow = network?.failsafe.flows.find((one) => one.direction === 'input' && one.family === 4 && one.port === port)
  return flow?.peers ?? ['none']
}

describe('a worker that says it is a server', () => {
  const rogue = node('rogue', ['203.0.113.66'], { annotations: saysServer })

  test('is let in to no etcd', async () => {
    const all = await compiled([server(1), server(2), rogue])
    expect(peers(program(all, 'pi-1'), 2379)).toEqual(['192.168.1.1/32', '192.168.1.2/32'])
    expect(peers(program(all, 'pi-1'), 2380)).toEqual(['192.168.1.1/32', '192.168.1.2/32'])
  })

  test('is given what agents are given', async () => {
    const own = program(await compiled([server(1), rogue]), 'rogue')
    expect(own.role).toBe('agent')
    expect(own.files.filter((file) => file.id.includes('manifests'))).toEqual([])
    expect(
      program(await compiled([server(1), rogue]), 'pi-1').files.some((file) => file.id.includes('manifests')),
    ).toBe(true)
  })

  test('reaches the API with no address but those that are written for it', async () => {
    const list = '  nodes:\n    - { name: rogue, role: agent, addresses: [192.168.1.9] }\n'
    const all = await compiled([server(1), server(2), rogue], list)
    expect(peers(program(all, 'pi-1'), 6443)).toEqual([
      '10.42.0.0/16',
      '10.9.0.0/24',
      '192.168.1.1/32',
      '192.168.1.2/32',
      '192.168.1.9/32',
    ])
  })
})

test('a server that is listed is one before anything marks it', async () => {
  const joining = node('pi-3', ['192.168.1.7'])
  const list = '  nodes: [{ name: pi-3, role: server }]\n'
  const all = await compiled([server(1), server(2), joining], list)
  expect(program(all, 'pi-3').role).toBe('server')
  expect(peers(program(all, 'pi-1'), 2379)).toContain('192.168.1.7/32')
})

test('a Node without an address opens nothing, and is told of', async () => {
  const all = await compiled([server(1), server(2), node('new', [])])
  for (const port of [6443, 10250, 2379]) {
    expect(peers(program(all, 'pi-1'), port)).toEqual(
      peers(program(await compiled([server(1), server(2)]), 'pi-1'), port),
    )
  }
  const told = all.problems.filter(({ code }) => code === 'NODE_WITHOUT_ADDRESS')
  expect(told.map(({ severity, what }) => [severity, what])).toEqual([['notice', 'no address is known of new']])
  expect((await compiled([server(1)])).problems.filter(({ code }) => code === 'NODE_WITHOUT_ADDRESS')).toEqual([])
})
