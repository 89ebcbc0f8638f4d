import { describe, expect } from 'vitest'
import { asRecord } from '../../src/domain/plain-json.ts'
import { lastApplied } from '../../src/plan/deploy/applied-annotation.ts'
import { configMap, conform } from './conform.ts'
import { SimulatedServer, zlibCodec } from './simulated-server.ts'

type Options = ConstructorParameters<typeof SimulatedServer>[0]

function serverWith(files: Readonly<Record<string, string>>, options: Options = {}): SimulatedServer {
  const server = new SimulatedServer(options)
  for (const [path, text] of Object.entries(files)) server.disk.write(path, text)
  server.pass()
  return server
}

const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: v}\n'
const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n'
const definition = [
  'apiVersion: apiextensions.k8s.io/v1',
  'kind: CustomResourceDefinition',
  'metadata: {name: widgets.lab.example.com}',
  'spec: {group: lab.example.com, names: {kind: Widget, plural: widgets}, scope: Namespaced, versions: [{name: v1}]}',
  '',
].join('\n')
const widget = 'apiVersion: lab.example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 1}\n'

function deployment(label: string, ns = 'default'): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ${ns}}\nspec: {selector: {matchLabels: {app: ${label}}}}\n`
}

describe('apply and prune', () => {
  conform(36, 'recorded', 'a namespaced object without a namespace goes into default', () => {
    const server = serverWith({ 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' })
    expect(server.api.names('ConfigMap')).toEqual(['default/a'])
  })

  conform(37, 'simulated', 'a Namespace after its contents takes two passes', () => {
    const server = serverWith({ 'a.yaml': `${deployment('web', 'shop')}---\n${namespace}` })
    expect(server.api.names('Deployment')).toEqual([])
    expect(server.api.names('Namespace')).toContain('/shop')
    expect(server.takeReasons()).toEqual(['ApplyingManifest a', 'ApplyManifestFailed a'])
    expect(server.pass().errors).toEqual([])
    expect(server.api.names('Deployment')).toEqual(['shop/web'])
  })

  conform(38, 'recorded', 'a definition and its custom resource in one file take two passes', () => {
    const server = serverWith({ 'a.yaml': `${widget}---\n${definition}` })
    expect(server.takeReasons()).toEqual(['ApplyingManifest a', 'ApplyManifestFailed a'])
    expect(server.pass().errors).toEqual([])
    expect(server.api.names('Widget')).toEqual(['default/w'])
  })

  conform(39, 'recorded', 'every object carries the hash of its Addon, four annotations and what was applied', () => {
    const { metadata } = serverWith({ 'my-app.yaml': configMap('a') }).api.object('ConfigMap', 'a') ?? {}
    expect(asRecord(metadata)['labels']).toEqual({
      'objectset.rio.cattle.io/hash': '7146db1d8a8a7e05dd36de517dfaa62e86328999',
    })
    expect(asRecord(metadata)['annotations']).toEqual({
      'objectset.rio.cattle.io/applied': expect.stringMatching(/^H4sI[\w+/]+$/),
      'objectset.rio.cattle.io/id': '',
      'objectset.rio.cattle.io/owner-gvk': 'k3s.cattle.io/v1, Kind=Addon',
      'objectset.rio.cattle.io/owner-name': 'my-app',
      'objectset.rio.cattle.io/owner-namespace': 'kube-system',
    })
    expect(lastApplied({ metadata }, zlibCodec)).toMatchObject({ data: { k: '1' }, metadata: { name: 'a' } })
  })

  conform(40, 'recorded', 'an object that left the file is deleted', () => {
    const server = serverWith({ 'a.yaml': `${configMap('a')}---\n${configMap('b')}` })
    server.disk.write('a.yaml', configMap('a'))
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/a'])
  })

  for (const [version, left] of [
    ['v1.24.1+k3s1', []],
    ['v1.24.0+k3s1', ['default/s']],
    ['v1.36.3+k3s1', []],
  ] as const) {
    conform(41, 'source-derived', `the last object of a kind that left the file, in ${version}`, () => {
      const server = serverWith({ 'a.yaml': `${configMap('a')}---\n${secret}` }, { version })
      server.disk.write('a.yaml', configMap('a'))
      server.pass()
      expect(server.api.names('Secret')).toEqual(left)
    })
  }

  conform(42, 'source-derived', 'an emptied file takes all its objects with it and leaves the Addon', () => {
    const server = serverWith({ 'a.yaml': `${configMap('a')}---\n${secret}` })
    server.disk.write('a.yaml', '# nothing left\n')
    expect(server.pass().errors).toEqual([])
    expect([...server.api.names('ConfigMap'), ...server.api.names('Secret')]).toEqual([])
    const addon = server.api.object('Addon', 'a')
    expect(asRecord(addon?.['metadata'])['annotations']).toEqual({ 'addon.k3s.cattle.io/gvks': '' })
  })

  conform(43, 'recorded', 'a file deleted from disk leaves its objects and its Addon, also after a restart', () => {
    const server = serverWith({ 'a.yaml': configMap('a') })
    server.disk.remove('a.yaml')
    server.pass()
    server.restart()
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/a'])
    expect(server.api.names('Addon')).toEqual(['kube-system/a'])
  })

  for (const [version, left] of [
    ['v1.22.4+k3s1', ['default/a', 'default/b']],
    ['v1.22.3+k3s1', ['default/a']],
  ] as const) {
    conform(44, 'source-derived', `the label prune=false on the live object, in ${version}`, () => {
      const server = serverWith({ 'a.yaml': `${configMap('a')}---\n${configMap('b')}` }, { version })
      server.api.edit('ConfigMap', 'b', { metadata: { labels: { 'objectset.rio.cattle.io/prune': 'false' } } })
      server.disk.write('a.yaml', configMap('a'))
      server.pass()
      expect(server.api.names('ConfigMap')).toEqual(left)
    })
  }

  conform(45, 'simulated', 'another apiVersion of the same kind updates the object and does not delete it', () => {
    const budget = (version: string): string =>
      `apiVersion: policy/${version}\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {minAvailable: 1}\n`
    const server = serverWith({ 'a.yaml': `${budget('v1beta1')}---\n${configMap('a')}` })
    server.disk.write('a.yaml', `${budget('v1')}---\n${configMap('a')}`)
    expect(server.pass().errors).toEqual([])
    expect(server.api.names('PodDisruptionBudget')).toEqual(['default/b'])
    expect(server.api.counts.get('delete')).toBeUndefined()
  })

  conform(46, 'simulated', 'an object that was there already is adopted, and keeps its other fields', () => {
    const server = new SimulatedServer()
    server.api.add({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'default' },
      data: { k: '0', own: 'x' },
    })
    server.disk.write('a.yaml', configMap('a'))
    expect(server.pass().errors).toEqual([])
    const live = server.api.object('ConfigMap', 'a')
    expect(live?.['data']).toEqual({ k: '1', own: 'x' })
    expect(asRecord(asRecord(live?.['metadata'])['labels'])['objectset.rio.cattle.io/hash']).toBeDefined()
  })

  conform(47, 'recorded', 'an object in two Addons is the later one’s, and stays when the other lets it go', () => {
    const server = serverWith({
      'one.yaml': configMap('dup', '{k: first}'),
      'two.yaml': configMap('dup', '{k: second}'),
    })
    expect(server.api.object('ConfigMap', 'dup')).toMatchObject({
      data: { k: 'second' },
      metadata: { annotations: { 'objectset.rio.cattle.io/owner-name': 'two' } },
    })
    server.disk.write('one.yaml', '')
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/dup'])
  })

  conform(48, 'simulated', 'a changed selector deletes the Deployment in one pass and makes it in the next', () => {
    const server = serverWith({ 'a.yaml': deployment('one') })
    server.disk.write('a.yaml', deployment('two'))
    expect(server.pass().errors).toEqual([
      `failed to process ${server.disk.base}/a.yaml: DesiredSet - Replace Wait apps/v1, Kind=Deployment default/web for  kube-system/a`,
    ])
    expect(server.api.names('Deployment')).toEqual([])
    expect(server.pass().errors).toEqual([])
    expect(server.api.object('Deployment', 'web')).toMatchObject({
      spec: { selector: { matchLabels: { app: 'two' } } },
    })
  })

  conform(
    49,
    'source-derived',
    'content set back after a failed attempt counts as unchanged; the safeguard applies it',
    () => {
      const run = (options: Options): readonly string[] => {
        const server = serverWith({ 'a.yaml': configMap('a') }, options)
        server.disk.write('a.yaml', `${configMap('b')}---\n${configMap('c', '{k: "1"}', 'nowhere')}`)
        expect(server.pass().errors).toHaveLength(1)
        server.disk.write('a.yaml', configMap('a'))
        expect(server.pass().errors).toEqual([])
        return server.api.names('ConfigMap')
      }
      expect(run({})).toEqual(['default/b'])
      const guarded = { emptyDisableItem: 'ignore', danglingLink: 'leave-out', revertAfterFailure: 'apply' } as const
      expect(run({ safeguards: guarded })).toEqual(['default/a'])
    },
  )

  conform(
    50,
    'recorded',
    'two files with one Addon: the objects of the one that sorts last remain, and the clash is told',
    () => {
      const server = new SimulatedServer()
      server.disk.write('x.yaml', configMap('top'))
      server.disk.write('sub/x.yaml', configMap('below'))
      const { hazards } = server.pass()
      expect(server.api.names('Addon')).toEqual(['kube-system/x'])
      // "sub/x.yaml" sorts before "x.yaml".
      expect(server.api.names('ConfigMap')).toEqual(['default/top'])
      const { base } = server.disk
      expect(hazards).toEqual([{ kind: 'name-clash', addon: 'x', paths: [`${base}/sub/x.yaml`, `${base}/x.yaml`] }])
    },
  )

  conform(
    51,
    'recorded',
    'a file name that is no object name fails, without objects since the Addon comes first',
    () => {
      const server = serverWith({ 'my_app.yaml': configMap('a') })
      expect(server.pass().errors[0]).toContain('Addon.k3s.cattle.io "my_app" is invalid: metadata.name')
      expect(server.api.names('ConfigMap')).toEqual([])
      expect(serverWith({ 'my_app.yaml': configMap('a') }, { version: 'v1.21.2+k3s1' }).api.names('ConfigMap')).toEqual(
        ['default/a'],
      )
    },
  )

  conform(52, 'recorded', 'a deleted Addon comes back when the file changes, and finds its objects again', () => {
    const server = serverWith({ 'a.yaml': `${configMap('a')}---\n${configMap('b')}` })
    server.api.drop('Addon', 'a')
    server.pass()
    expect(server.api.names('Addon')).toEqual([])
    server.disk.write('a.yaml', configMap('a', '{k: "2"}'))
    server.pass()
    expect(server.api.names('Addon')).toEqual(['kube-system/a'])
    expect(server.api.names('ConfigMap')).toEqual(['default/a'])
  })

  conform(
    53,
    'source-derived',
    'a new file that cannot be parsed leaves an Addon with a source and no checksum',
    () => {
      const server = serverWith({ 'a.yaml': 'a: [' })
      expect(server.api.object('Addon', 'a')?.['spec']).toEqual({ source: `${server.disk.base}/a.yaml` })
      expect(serverWith({ 'a.yaml': 'a: [' }, { version: 'v1.21.2+k3s1' }).api.names('Addon')).toEqual([])
    },
  )
})
