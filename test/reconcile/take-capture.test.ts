import { describe, expect, test } from 'vitest'
import { formatStructured } from '../../src/cli/structured-output.ts'
import type { Capture } from '../../src/domain/capture.ts'
import type { KubernetesObject, NodeFacts } from '../../src/domain/facts.ts'
import type { HostReading } from '../../src/domain/host.ts'
import { emptyInventory } from '../../src/domain/inventory.ts'
import { importMachines } from '../../src/reconcile/import-machine.ts'
import { machinePlaces, readMachineConfig } from '../../src/reconcile/machine-places.ts'
import { textsOf } from '../../src/reconcile/machine-subject.ts'
import { previewCapture } from '../../src/reconcile/preview-capture.ts'
import { takeCapture } from '../../src/reconcile/take-capture.ts'
import { readCapture } from '../../src/schema/capture.ts'
import { openValue } from '../../src/text/secret-values.ts'
import { compileImported, factsOf, planOn, programOf, readMachine } from '../lab/imported-machine.ts'
import { inventory } from '../lab/planning.ts'

interface Machine {
  readonly tree: string
  readonly node: string
  readonly role: 'server' | 'agent'
}

const trees: readonly Machine[] = [
  { tree: 'single', node: 'pi-1', role: 'server' },
  { tree: 'ha-server', node: 'srv-1', role: 'server' },
  { tree: 'agent', node: 'edge-3', role: 'agent' },
  { tree: 'unit-flags', node: 'control-1', role: 'server' },
  { tree: 'openrc', node: 'alpine-1', role: 'server' },
  { tree: 'dual-stack', node: 'ds-1', role: 'server' },
  { tree: 'wireguard', node: 'hub', role: 'server' },
  { tree: 'calico', node: 'cal-1', role: 'server' },
  { tree: 'charts', node: 'web-1', role: 'server' },
  { tree: 'mixed-forms', node: 'mix-1', role: 'server' },
  { tree: 'secrets', node: 'safe-1', role: 'server' },
  { tree: 'broken', node: 'bad-1', role: 'server' },
]

function capture(reading: HostReading, node: NodeFacts, objects: readonly KubernetesObject[] = []): Capture {
  return takeCapture({
    name: 'home',
    capturedAt: '2026-03-01T12:00:00Z',
    fairleadVersion: '0.1.0',
    ...(objects.length === 0 ? {} : { facts: { origin: 'live', nodes: [node], services: [], objects } }),
    machine: { facts: node, reading, observation: { files: new Map(), refusals: [] }, inventory: emptyInventory },
  })
}

function capturedTexts(taken: Capture, node: string): ReadonlyMap<string, string> {
  const files = taken.observations[node]?.files ?? []
  return new Map(files.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text] as const])))
}

/** As it is written to a file and read back. */
function again(taken: Capture, format: 'json' | 'yaml'): Capture {
  const read = readCapture('home', Buffer.from(formatStructured(taken, format)))
  if (!read.ok) throw new Error(JSON.stringify(read.error, null, 1))
  return read.value
}

const nodeFacts = (name: string, role: 'server' | 'agent'): NodeFacts => ({ name, role, labels: {}, addresses: [] })

describe.each(trees)('the capture of $tree', ({ tree, node, role }) => {
  test('is read back as it was, and tells K3s the same', async () => {
    const reading = await readMachine(tree)
    const taken = capture(reading, nodeFacts(node, role))
    expect(again(taken, 'json')).toEqual(taken)
    expect(again(taken, 'yaml')).toEqual(taken)
    const files = capturedTexts(taken, node)
    const told = (texts: ReadonlyMap<string, string>) => {
      const { arguments: args, environment, files: read } = readMachineConfig(texts, undefined).reading
      return {
        args: args.map(({ key, text, at }) => [key, openValue(key, text), at.place.line]),
        environment: environment.map(({ name, value, at }) => [name, openValue(name, value), at.place.line]),
        files: tree === 'broken' ? [] : read.map((one) => one.entries.map(({ key, at }) => [key, at.place.line])),
      }
    }
    expect(told(files)).toEqual(told(textsOf(reading.files)))
  })

  test('gives the plan that the machine itself gives', async () => {
    const reading = await readMachine(tree)
    const cluster = importMachines({ name: 'home', hosts: [{ where: tree, reading }], k3sVersion: 'v1.33.4+k3s1' })
    const other = {
      files: cluster.files.map((file) =>
        file.path === 'network.yaml' ? { ...file, text: `${file.text}  drift: { drops: Report }\n` } : file,
      ),
    }
    const taken = again(capture(reading, nodeFacts(node, role)), 'yaml')
    const compiled = await compileImported('home', other, taken.facts)
    const onMachine = planOn(programOf(await compileImported('home', other, factsOf(node, role)), node), reading)
    if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems))
    const [preview] = previewCapture(compiled, taken).nodes
    const shown = (plan: typeof onMachine | undefined) =>
      plan && {
        changes: plan.changes.map(({ kind, id, cause, impact }) => ({ kind, id, cause, impact })),
        waiting: plan.waitingFlags,
        refused: plan.refusedFlags.map((one) => ('at' in one ? { ...one, at: one.at.place.line } : one)),
      }
    expect(shown(preview?.plan)).toEqual(shown(onMachine))
  })
})

test('no secret of a machine or of the API is in a capture', async () => {
  const reading = await readMachine('secrets')
  const chart = (valuesContent: string): KubernetesObject => ({
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChartConfig',
    metadata: {
      name: 'traefik',
      namespace: 'kube-system',
      annotations: {
        'objectset.rio.cattle.io/applied': 'CANARY-packed',
        'kubectl.kubernetes.io/last-applied-configuration': '{"a":"CANARY"}',
      },
    },
    spec: { valuesContent, set: { 'admin.password': 'CANARY-set' }, env: [{ name: 'API_TOKEN', value: 'CANARY-env' }] },
  })
  const secret: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { a: 'CANARY' },
  }
  const values = 'image: traefik\nadmin:\n  password: CANARY-a\n  privateKey: |\n    CANARY-b\n    CANARY-c\nport: 80\n'
  const taken = capture(reading, nodeFacts('safe-1', 'server'), [chart(values), secret])
  expect(JSON.stringify(taken)).not.toContain('CANARY')
  const [config] = taken.facts.objects ?? []
  expect(config?.['spec']).toEqual({
    valuesContent: 'image: traefik\nadmin:\n  password: "********"\n  privateKey: "********"\nport: 80\n',
    set: { 'admin.password': '********' },
    env: [{ name: 'API_TOKEN', value: '********' }],
  })
  const files = Object.fromEntries((taken.observations['safe-1']?.files ?? []).map((file) => [file.path, file]))
  const folder = '/var/lib/rancher/k3s/server/manifests'
  expect(files[`${folder}/secret.yaml`]).toEqual({
    path: `${folder}/secret.yaml`,
    type: 'file',
    mode: reading.files.get(`${folder}/secret.yaml`)?.mode,
    digest: reading.files.get(`${folder}/secret.yaml`)?.digest,
  })
  expect(files['/etc/rancher/k3s/config.yaml']?.text).toContain('"kubelet-arg": ["max-pods=150"]')
})

test('what Fairlead wrote stands in the inventory, what it only meant to write does not', async () => {
  const reading = await readMachine('single')
  const taken = takeCapture({
    name: 'home',
    capturedAt: '2026-03-01T12:00:00Z',
    fairleadVersion: '0.1.0',
    machine: {
      facts: nodeFacts('pi-1', 'server'),
      reading,
      observation: { files: new Map(), refusals: [] },
      inventory: inventory({ '/var/lib/rancher/k3s/server/manifests/lan.yaml': 'text' }),
    },
  })
  expect(again(taken, 'yaml').inventories).toEqual(taken.inventories)
  expect(taken.inventories['pi-1']?.entries.map(({ path }) => path)).toEqual([
    '/var/lib/rancher/k3s/server/manifests/lan.yaml',
  ])
})

test('places of a machine that was captured are found in the capture', async () => {
  const reading = await readMachine('own-place')
  const taken = capture(reading, nodeFacts('own-1', 'server'))
  const texts = capturedTexts(taken, 'own-1')
  expect(machinePlaces(texts, undefined)).toEqual(machinePlaces(textsOf(reading.files), undefined))
})
