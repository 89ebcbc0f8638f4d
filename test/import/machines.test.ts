import { describe, expect, test } from 'vitest'
import { importMachines } from '../../src/reconcile/import-machine.ts'
import { compileImported, factsOf, planOn, programOf, readMachine } from '../lab/imported-machine.ts'
import { describe as told } from '../lab/planning.ts'

interface Machine {
  readonly tree: string
  readonly node: string
  readonly role?: 'agent'
  readonly version?: string
  /** Paths below the cluster directory, beside network.yaml. */
  readonly files?: readonly string[]
  /** Errors that the machine has itself, as `CODE file`. */
  readonly errors?: readonly string[]
  readonly refused?: readonly string[]
}

const machines: readonly Machine[] = [
  { tree: 'single', node: 'pi-1' },
  { tree: 'ha-server', node: 'srv-1', files: ['nodes/srv-1.yaml', 'manifests/kube-vip.yaml'] },
  { tree: 'agent', node: 'edge-3', role: 'agent', files: ['nodes/edge-3.yaml'] },
  { tree: 'unit-flags', node: 'control-1', files: ['nodes/control-1.yaml'] },
  { tree: 'openrc', node: 'alpine-1', files: ['nodes/alpine-1.yaml'] },
  { tree: 'dual-stack', node: 'ds-1', files: ['nodes/ds-1.yaml'] },
  { tree: 'wireguard', node: 'hub', files: ['nodes/hub.yaml', 'manifests/traefik-config.yaml'] },
  {
    tree: 'calico',
    node: 'cal-1',
    files: ['manifests/10-tigera-operator.yaml', 'manifests/11-calico-installation.yaml'],
  },
  { tree: 'old-1.20', node: 'old-1', version: 'v1.20.15+k3s1' },
  {
    tree: 'charts',
    node: 'web-1',
    files: [
      'manifests/apps.yml',
      'manifests/metrics-server-deployment.yaml.skip',
      'manifests/sub/zones.json',
      'manifests/traefik-config.yaml',
    ],
  },
  { tree: 'mixed-forms', node: 'mix-1', files: ['nodes/mix-1.yaml'] },
  { tree: 'secrets', node: 'safe-1', files: ['nodes/safe-1.yaml', 'manifests/plain.yaml'] },
  { tree: 'own-place', node: 'own-1', files: ['nodes/own-1.yaml'], refused: ['other-data-dir'] },
  // A value that only a shell knows is told.
  { tree: 'broken', node: 'bad-1', refused: ['overridden'] },
]

describe.each(machines)('the machine $tree', ({ tree, node, role, version, files, errors, refused }) => {
  const imported = async () => {
    const reading = await readMachine(tree)
    const sources = { name: 'home', hosts: [{ where: tree, reading }], k3sVersion: version ?? 'v1.33.4+k3s1' }
    return { reading, cluster: importMachines(sources) }
  }

  test('becomes documents that read as if somebody had written them', async () => {
    const { cluster } = await imported()
    const golden = `../fixtures/imports/${tree}`
    for (const { path, text } of cluster.files) {
      if (!path.startsWith('manifests/')) await expect(text).toMatchFileSnapshot(`${golden}/${path}`)
    }
    expect(cluster.files.map(({ path }) => path).slice(1)).toEqual(files ?? [])
  })

  test('is as the documents want it', async () => {
    const { reading, cluster } = await imported()
    const compiled = await compileImported('home', cluster, factsOf(node, role ?? 'server'))
    const problems = compiled.problems.filter(({ severity }) => severity === 'error')
    expect(problems.map(({ code, place }) => `${code} ${place.file}`)).toEqual(errors ?? [])
    if (compiled.kind === 'refused') return
    const plan = planOn(programOf(compiled, node), reading)
    expect(plan.changes.map(told)).toEqual([])
    expect(plan.refusedFlags.map(({ kind }) => kind)).toEqual(refused ?? [])
    if (refused === undefined) expect(plan.waitingFlags).toEqual([])
    expect(plan.reported).toEqual([])
  })
})

test('manifests are taken byte for byte, and what may be secret is in no file at all', async () => {
  const reading = await readMachine('charts')
  const { files } = importMachines({ name: 'home', hosts: [{ where: '', reading }], k3sVersion: 'v1.33.4+k3s1' })
  for (const { path, text } of files.filter((file) => file.path.startsWith('manifests/'))) {
    expect(text).toBe(reading.files.get(`/var/lib/rancher/k3s/server/${path}`)?.text)
  }
  const secrets = await readMachine('secrets')
  expect(JSON.stringify([...secrets.files.values()].map(({ text }) => text))).toContain('CANARY')
  const imported = importMachines({
    name: 'home',
    hosts: [{ where: '', reading: secrets }],
    k3sVersion: 'v1.33.4+k3s1',
  })
  expect(JSON.stringify(imported)).not.toContain('CANARY')
})
