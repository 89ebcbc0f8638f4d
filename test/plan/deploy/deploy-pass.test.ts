import { describe, expect, test } from 'vitest'
import { protective } from '../../../src/plan/deploy/safeguards.ts'
import { configMap } from '../../conformance/conform.ts'
import { SimulatedServer } from '../../conformance/simulated-server.ts'

const writes = ['create', 'update', 'patch', 'delete']

describe('a deploy pass', () => {
  test('writes nothing where the cluster is as it should be, not even when forced', () => {
    const server = new SimulatedServer()
    server.disk.write(
      'a.yaml',
      `${configMap('a')}---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n`,
    )
    server.disk.write('b.yaml', '')
    server.pass()
    server.restart()
    server.api.counts.clear()
    expect(server.pass().errors).toEqual([])
    expect(writes.map((verb) => server.api.counts.get(verb))).toEqual([undefined, undefined, undefined, undefined])
  })

  test('reads no file and asks nothing once everything is settled', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.pass()
    server.api.counts.clear()
    const { files } = server.pass()
    expect(files).toEqual([{ path: `${server.disk.base}/a.yaml`, outcome: { kind: 'untouched' } }])
    expect([...server.api.counts]).toEqual([])
  })

  test('sends objects of one kind together, whatever their number', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', Array.from({ length: 50 }, (_none, index) => configMap(`c${index}`)).join('---\n'))
    expect(server.pass().files).toEqual([
      {
        path: `${server.disk.base}/a.yaml`,
        outcome: { kind: 'applied', counts: { created: 50, patched: 0, deleted: 0, unchanged: 0 } },
      },
    ])
    expect(server.api.names('ConfigMap')).toHaveLength(50)
  })

  test('an API that refuses one file is told for that file, and the others are deployed', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.disk.write('b.yaml', configMap('b'))
    server.api.refuse = (request) =>
      request.verb === 'create' && JSON.stringify(request.object).includes('"name":"a","namespace":"default"')
        ? { ok: false, status: 500, reason: 'InternalError', message: 'etcd is away' }
        : undefined
    const { errors, memory } = server.pass()
    const { base } = server.disk
    expect(errors).toEqual([
      `failed to process ${base}/a.yaml: failed to create default/a /v1, Kind=ConfigMap for  kube-system/a: etcd is away`,
    ])
    expect([memory.forced, [...memory.mtimes.keys()], [...memory.unsettled]]).toEqual([
      true,
      [`${base}/b.yaml`],
      [`${base}/a.yaml`],
    ])
    expect(server.api.names('ConfigMap')).toEqual(['default/b'])
  })

  test('discovery that fails keeps the file from being applied, and its objects from being pruned', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.pass()
    server.restart()
    server.disk.write('a.yaml', '')
    server.takeReasons()
    server.api.discover = () => ({ ok: false, status: 503, reason: 'ServiceUnavailable', message: 'not now' })
    expect(server.pass().errors).toEqual([`failed to process ${server.disk.base}/a.yaml: not now`])
    expect(server.takeReasons()).toEqual(['ValidateManifestFailed a'])
    expect(server.api.names('ConfigMap')).toEqual(['default/a'])
  })

  test('a definition that leaves a file takes its objects along, and no error stays', () => {
    const server = new SimulatedServer()
    const definition =
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.lab.example.com}\n' +
      'spec: {group: lab.example.com, names: {kind: Widget, plural: widgets}, scope: Namespaced, versions: [{name: v1}]}\n'
    server.disk.write('a.yaml', `${definition}---\napiVersion: lab.example.com/v1\nkind: Widget\nmetadata: {name: w}\n`)
    expect(server.pass().errors).toEqual([])
    server.disk.write('a.yaml', '')
    expect(server.pass().errors).toEqual([])
    expect([...server.api.names('Widget'), ...server.api.names('CustomResourceDefinition')]).toEqual([])
  })

  test('an Addon that somebody else changed meanwhile is a conflict, and the file is tried again', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.pass()
    server.disk.write('a.yaml', configMap('a', '{k: "2"}'))
    server.api.onWrite = () => {
      server.api.onWrite = () => {}
      server.api.edit('Addon', 'a', { metadata: { labels: { other: 'server' } } })
    }
    expect(server.pass().errors[0]).toContain('Operation cannot be fulfilled on addons.k3s.cattle.io "a"')
    expect(server.pass().errors).toEqual([])
  })

  test('the safeguard leaves a dangling link out, tells it, and deploys the rest', () => {
    const server = new SimulatedServer({ safeguards: protective })
    server.disk.write('a.yaml', configMap('a'))
    server.disk.link('b.yaml', '/nowhere')
    const { errors, hazards } = server.pass()
    expect(errors).toEqual([])
    expect(hazards).toEqual([{ kind: 'dangling-link', path: `${server.disk.base}/b.yaml`, guarded: true }])
    expect(server.api.names('ConfigMap')).toEqual(['default/a'])
  })

  test('without its directory a pass fails and forgets nothing', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.pass()
    server.disk.exists = false
    const { errors, memory } = server.pass()
    expect(errors).toEqual([`lstat ${server.disk.base}: no such file or directory`])
    expect(memory.mtimes.size).toBe(1)
  })
})

describe('kinds of the last success', () => {
  for (const [version, record] of [
    ['v1.24.1+k3s1', { status: { gvks: [{ Group: '', Version: 'v1', Kind: 'ConfigMap' }] } }],
    [
      'v1.36.3+k3s1',
      { metadata: { annotations: { 'addon.k3s.cattle.io/gvks': '/v1, Kind=ConfigMap;apps/v1, Kind=Deployment' } } },
    ],
  ] as const) {
    test(`stand in the Addon of ${version}`, () => {
      const server = new SimulatedServer({ version })
      const second = version.startsWith('v1.36')
        ? '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n'
        : ''
      server.disk.write('a.yaml', `${configMap('a')}${second}---\n${configMap('b')}`)
      server.pass()
      expect(server.api.object('Addon', 'a')).toMatchObject(record)
    })
  }

  test('a disabled file takes what it had before along, in one pass', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.pass()
    // Never applied: the server restarts with the file changed and disabled.
    server.disk.write('a.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n')
    server.restart(['a'])
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual([])
  })

  test('the regression of 1.22.5 prunes nothing of an emptied or disabled file', () => {
    const server = new SimulatedServer({ version: 'v1.22.5+k3s1' })
    server.disk.write('a.yaml', `${configMap('a')}---\n${configMap('b', '{k: "1"}', 'kube-system')}`)
    server.pass()
    server.disk.write('a.yaml', configMap('c'))
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/c', 'kube-system/b'])
    server.restart(['a'])
    server.pass()
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/c', 'kube-system/b'])
    expect(server.disk.has('a.yaml')).toBe(false)
  })
})

test('every Event says what happened to which file', () => {
  const server = new SimulatedServer()
  server.disk.write('a.yaml', configMap('a'))
  server.disk.write('bad.yaml', 'kind: [')
  server.pass()
  const { base } = server.disk
  expect(server.events.map(({ type, message }) => `${type}: ${message}`)).toEqual([
    `Normal: Applying manifest at "${base}/a.yaml"`,
    `Normal: Applied manifest at "${base}/a.yaml"`,
    expect.stringMatching(`^Warning: Parse manifest at "${base}/bad.yaml" failed: line \\d+: `),
  ])
  expect(server.events[0]?.addon).toEqual({ name: 'a', namespace: 'kube-system', uid: expect.stringMatching(/^uid-/) })
})
