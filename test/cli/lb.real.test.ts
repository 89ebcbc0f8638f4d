import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommandCall } from '../../src/cli/command.ts'
import { lbCommand } from '../../src/cli/lb.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { sampleWorld, writeTree } from './sample-repository.ts'

const network = (pools: string): string => `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata:
  name: home
spec:
  k3sVersion: v1.33.4+k3s1
  nodes:
    - { name: pi-1, role: server, addresses: [192.168.1.11] }
    - { name: pi-2, role: agent, addresses: [192.168.1.12] }
  components:
    traefik: { enabled: false }
  loadBalancer:
    pools: ${pools}
`
const services = ['web', 'late']
  .map(
    (name) => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  type: LoadBalancer
  ports:
    - port: 8080
`,
  )
  .join('---\n')
const edge = '[{ name: edge, nodes: { names: [pi-2] }, services: [{ namespace: default, name: web }] }]'

let world = sampleWorld()
beforeEach(() => {
  world = sampleWorld({ 'clusters/home/network.yaml': network(edge), 'clusters/home/manifests/web.yaml': services })
})
afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

async function lb(options: CommandCall['options'] = {}) {
  const terminal = fakeTerminal(world.directory)
  const code = await lbCommand(callOf(terminal, { options, flags: { repo: 'repo' } }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

test('prints pools, nodes, ports and Services, with what stands in the way', async () => {
  const { code, out } = await lb()
  expect(code).toBe(0)
  expect(out).toBe(`home  K3s v1.33.4+k3s1, ServiceLB cloud-provider, allow-list on

POOL   NODES   SERVICES
edge   pi-2    default/web

NODE   ENABLELB   POOL   INTERNAL       EXTERNAL   PORTS
pi-1   -          -      192.168.1.11   -          -
pi-2   true       edge   192.168.1.12   -          8080/TCP default/late

    SERVICE        PORTS      POOL   NODES   STATE     BEFORE                       AFTER
~   default/late   8080/TCP   -      1/1     Ready     192.168.1.11, 192.168.1.12   192.168.1.12
    default/web    8080/TCP   edge   0/1     Pending   <pending>                    <pending>

NOTE ON       ABOUT      WHAT
default/web   conflict   8080/TCP is taken by default/late on pi-2

1 Service is served otherwise than without the pools of the repository
`)
})

test('fits on a terminal of 80 columns, with the addresses before and after', async () => {
  const terminal = fakeTerminal(world.directory, { isTerminal: true })
  await lbCommand(callOf(terminal, { flags: { repo: 'repo' } }))
  const { text } = terminal.out
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(text).toMatch(/^ +SERVICE +PORTS +POOL +NODES +STATE +BEFORE +AFTER$/m)
  expect(text).not.toContain('…')
  for (const address of ['192.168.1.11', '192.168.1.12']) expect(text.replace(/\s+/g, '')).toContain(address)
  expect(text).toMatch(/^~ .* 192\.168\.1\.11,? +192\.168\.1\.12$/m)
})

test('ends with 2 on request, when something is served otherwise', async () => {
  expect((await lb({ 'detailed-exitcode': true })).code).toBe(2)
  writeTree(world.repo, { 'clusters/home/network.yaml': network('[]') })
  expect((await lb({ 'detailed-exitcode': true })).code).toBe(0)
})

test('says the same to programs', async () => {
  const { out } = await lb({ output: 'json' })
  const report = JSON.parse(out)
  expect(report).toMatchObject({
    kind: 'LoadBalancerPreview',
    cluster: 'home',
    captured: false,
    changed: ['default/late'],
    after: { allowList: true, era: 'cloud-provider', enabled: true },
  })
  const yaml = await lb({ output: 'yaml' })
  expect(yaml.out).toContain('kind: "LoadBalancerPreview"')
})

test('wide output shows selectors and the nodes that are left out', async () => {
  const { out } = await lb({ output: 'wide' })
  expect(out).toContain('enablelb=true,lbpool=edge')
  expect(out).toContain('pi-1 (label)')
})

test('asks for nodes where nobody knows them', async () => {
  writeTree(world.repo, {
    'clusters/home/network.yaml': network('[]').replace(/ {2}nodes:\n(?: {4}- .*\n)+/, ''),
  })
  const { code, err } = await lb()
  expect(code).toBe(1)
  expect(err).toContain('spec.nodes')
})
