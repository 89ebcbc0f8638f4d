import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { Failure } from '../../src/domain/failure.ts'
import { asList, asRecord, type Json } from '../../src/domain/plain-json.ts'
import type { PassOutcome } from '../../src/plan/deploy/deploy-pass.ts'
import { type DeployMemory, freshMemory } from '../../src/plan/deploy/file-gates.ts'
import { protective } from '../../src/plan/deploy/safeguards.ts'
import type { KnownKinds } from '../../src/plan/deploy/served-kinds.ts'
import type { KubeEvent } from '../../src/ports/kube-objects-port.ts'
import type { ManifestFilesPort } from '../../src/ports/manifest-files-port.ts'
import { runDeployPass } from '../../src/reconcile/deploy/run-deploy-pass.ts'
import { configMap } from '../conformance/conform.ts'
import { MapDisk } from '../conformance/map-disk.ts'
import { zlibCodec } from '../conformance/simulated-server.ts'
import { rulesOf } from '../plan/deploy/releases.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

let server: TestApiServer | undefined
const signal = new AbortController().signal

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  for (const name of ['kube-system', 'default']) {
    await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
  await server.writer.installKind('k3s.cattle.io', 'v1', 'Addon', 'addons')
})
afterAll(() => server?.stop())

/** A directory in memory, deployed into the real API server. */
class LiveDeployment {
  readonly disk = new MapDisk()
  readonly events: KubeEvent[] = []
  readonly objects: KubeObjects
  #memory: DeployMemory = freshMemory
  #known: KnownKinds = new Map()

  constructor(objects: KubeObjects) {
    this.objects = objects
  }

  restart(): void {
    this.#memory = freshMemory
    this.#known = new Map()
  }

  async pass(disabled: readonly string[] = []): Promise<PassOutcome> {
    const outcome = await runDeployPass(
      {
        disabled,
        memory: this.#memory,
        scope: 'all',
        known: this.#known,
        rules: rulesOf('v1.36.3+k3s1'),
        safeguards: protective,
        codec: zlibCodec,
      },
      { files: filesOf(this.disk), objects: this.objects, events: { record: (event) => this.events.push(event) } },
      signal,
    )
    this.#memory = outcome.memory
    return outcome
  }

  async read(apiVersion: string, kind: string, name: string, namespace = 'default'): Promise<Json | undefined> {
    return await this.objects.get({ apiVersion, kind, name, namespace }, signal)
  }

  async names(apiVersion: string, kind: string): Promise<readonly string[]> {
    const { items } = await this.objects.list({ apiVersion, kind, namespace: 'default' }, signal)
    return items.map(({ metadata }) => metadata.name).sort()
  }
}

function filesOf(disk: MapDisk): ManifestFilesPort {
  const failure = (message: string): Failure =>
    new Failure(message, { code: 'FILE', where: disk.base, fix: 'none', retry: 'soon' })
  return {
    tree: () => Promise.resolve(disk.tree()),
    read(path) {
      const content = disk.read(path)
      return typeof content === 'string' ? Promise.reject(failure(content)) : Promise.resolve(content)
    },
    remove(path) {
      const message = disk.remove(path)
      return message === undefined ? Promise.resolve() : Promise.reject(failure(message))
    },
  }
}

async function deployment(): Promise<LiveDeployment> {
  const objects = await openKubeObjects({ kubeconfigs: [server?.kubeconfig ?? ''] }, signal)
  onTestFinished(() => objects.close())
  return new LiveDeployment(objects)
}

function web(options: { readonly containers: string; readonly app?: string }): string {
  const { containers, app = 'web' } = options
  return [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: {name: web}',
    `spec:\n  selector: {matchLabels: {app: ${app}}}\n  strategy: {type: Recreate}`,
    `  template: {metadata: {labels: {app: ${app}}}, spec: {containers: ${containers}}}`,
    '',
  ].join('\n')
}

const everything = [
  'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
  configMap('settings', '{k: "1"}', 'shop'),
  'apiVersion: v1\nkind: Secret\nmetadata: {name: token}\ndata: {k: dg==}\n',
  'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\nimagePullSecrets: [{name: token}]\n',
  'apiVersion: v1\nkind: Service\nmetadata: {name: dns}\nspec: {selector: {app: dns}, ports: [{name: udp, port: 53, protocol: UDP}, {name: tcp, port: 53, protocol: TCP}]}\n',
  web({ containers: '[{name: web, image: "web:1", ports: [{containerPort: 80}], env: [{name: A, value: "1"}]}]' }),
  'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: lb}\nspec: {selector: {matchLabels: {app: lb}}, template: {metadata: {labels: {app: lb}}, spec: {containers: [{name: lb, image: "lb:1"}], tolerations: [{operator: Exists}], volumes: [{name: v, emptyDir: {}}]}}}\n',
  'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader, namespace: default}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n',
  'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {defaultBackend: {service: {name: dns, port: {number: 53}}}}\n',
  'apiVersion: lab.example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 1}\n',
  [
    'apiVersion: apiextensions.k8s.io/v1',
    'kind: CustomResourceDefinition',
    'metadata: {name: widgets.lab.example.com, creationTimestamp: null}',
    'spec:\n  group: lab.example.com\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}',
    '  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]',
    '',
  ].join('\n'),
].join('---\n')

clusterTest('what a real API server adds of its own is no reason to write again', async () => {
  const live = await deployment()
  live.disk.write('everything.yaml', everything)
  expect((await live.pass()).errors).toHaveLength(1)
  // The definition comes after its object, and takes a moment to be served.
  for (let tries = 0; tries < 50 && (await live.pass()).errors.length > 0; tries++) await sleep(100)
  expect((await live.pass()).errors).toEqual([])
  const before = await versions(live)
  live.restart()
  expect((await live.pass()).files[0]?.outcome).toEqual({
    kind: 'applied',
    counts: { created: 0, patched: 0, deleted: 0, unchanged: 11 },
  })
  expect(await versions(live)).toEqual(before)
  live.disk.write('everything.yaml', '')
  expect((await live.pass()).errors).toEqual([])
  expect(await live.names('v1', 'Service')).not.toContain('dns')
  expect(await live.names('apps/v1', 'Deployment')).toEqual([])
  expect(live.events.at(-1)).toMatchObject({
    reason: 'AppliedManifest',
    regarding: { kind: 'Addon', name: 'everything' },
  })
})

async function versions(live: LiveDeployment): Promise<readonly unknown[]> {
  const kinds = [
    ['v1', 'Secret', 'token'],
    ['v1', 'Service', 'dns'],
    ['apps/v1', 'Deployment', 'web'],
    ['apps/v1', 'DaemonSet', 'lb'],
    ['lab.example.com/v1', 'Widget', 'w'],
  ] as const
  return await Promise.all(
    kinds.map(
      async ([apiVersion, kind, name]) =>
        asRecord((await live.read(apiVersion, kind, name))?.['metadata'])['resourceVersion'],
    ),
  )
}

clusterTest('a changed file merges by the keys of the lists, and keeps what others added', async () => {
  const live = await deployment()
  live.disk.write(
    'web.yaml',
    web({
      containers:
        '[{name: web, image: "web:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}, {name: old, image: "old:1"}]',
    }),
  )
  expect((await live.pass()).errors).toEqual([])
  const sidecar = { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'side:1' }] } } } }
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' }
  await live.objects.patch(ref, 'strategic', sidecar, {}, signal)
  live.disk.write(
    'web.yaml',
    web({ containers: '[{name: new, image: "new:1"}, {name: web, image: "web:2", env: [{name: B, value: "3"}]}]' }),
  )
  expect((await live.pass()).errors).toEqual([])
  const { spec } = asRecord(asRecord((await live.read('apps/v1', 'Deployment', 'web'))?.['spec'])['template'])
  const containers = asList(asRecord(spec)['containers']).map(asRecord)
  expect(containers.map(({ name }) => name).filter((name) => name !== 'sidecar')).toEqual(['new', 'web'])
  expect(Object.fromEntries(containers.map((container) => [container['name'], container]))).toMatchObject({
    sidecar: { image: 'side:1' },
    web: { image: 'web:2', env: [{ name: 'B', value: '3' }], imagePullPolicy: 'IfNotPresent' },
  })
})

clusterTest(
  'a changed selector replaces the Deployment in two passes, and a disabled file takes it along',
  async () => {
    const live = await deployment()
    live.disk.write(
      'blue.yaml',
      web({ containers: '[{name: c, image: c}]', app: 'blue' }).replace('{name: web}', '{name: blue}'),
    )
    expect((await live.pass()).errors).toEqual([])
    live.disk.write(
      'blue.yaml',
      web({ containers: '[{name: c, image: c}]', app: 'green' }).replace('{name: web}', '{name: blue}'),
    )
    expect((await live.pass()).errors[0]).toContain('DesiredSet - Replace Wait apps/v1, Kind=Deployment default/blue')
    expect((await live.pass()).errors).toEqual([])
    expect(await live.read('apps/v1', 'Deployment', 'blue')).toMatchObject({
      spec: { selector: { matchLabels: { app: 'green' } } },
    })
    expect((await live.pass(['blue'])).errors).toEqual([])
    expect(await live.names('apps/v1', 'Deployment')).not.toContain('blue')
    expect(live.disk.has('blue.yaml')).toBe(false)
    expect(await live.read('k3s.cattle.io/v1', 'Addon', 'blue', 'kube-system')).toBeUndefined()
  },
)

clusterTest('what the server refuses is told as K3s tells it, and what exists is adopted', async () => {
  const live = await deployment()
  const mine = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'mine', namespace: 'default' },
    data: { own: 'x' },
  }
  await live.objects.create(mine, {}, signal)
  live.disk.write('mine.yaml', configMap('mine'))
  live.disk.write('my_app.yaml', configMap('never'))
  live.disk.write('lost.yaml', configMap('lost', '{k: "1"}', 'nowhere'))
  const { errors } = await live.pass()
  expect(errors).toHaveLength(2)
  expect(errors[0]).toContain('failed to create nowhere/lost /v1, Kind=ConfigMap for  kube-system/lost: ')
  expect((await live.read('v1', 'ConfigMap', 'mine'))?.['data']).toEqual({ own: 'x', k: '1' })
  expect(await live.names('v1', 'ConfigMap')).not.toContain('never')
})

saySkipped()
