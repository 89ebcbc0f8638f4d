import { describe, expect } from 'vitest'
import { protective } from '../../src/plan/deploy/safeguards.ts'
import { configMap, conform } from './conform.ts'
import { SimulatedServer } from './simulated-server.ts'

const chart =
  'apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: traefik, namespace: kube-system}\nspec: {}\n'

function running(files: Readonly<Record<string, string>>, version = 'v1.36.3+k3s1'): SimulatedServer {
  const server = new SimulatedServer({ version })
  for (const [path, text] of Object.entries(files)) server.disk.write(path, text)
  server.pass()
  server.takeReasons()
  return server
}

describe('disable', () => {
  for (const [version, passes] of [
    ['v1.32.5+k3s1', 1],
    ['v1.32.4+k3s1', 2],
    ['v1.21.2+k3s1', 2],
  ] as const) {
    conform(
      54,
      version === 'v1.21.2+k3s1' ? 'recorded' : 'source-derived',
      `a disabled component is gone after ${passes} in ${version}`,
      () => {
        const server = running({ 'traefik.yaml': chart }, version)
        server.restart(['traefik'])
        const isGone = (): boolean =>
          server.api.names('HelmChart').length + server.api.names('Addon').length === 0 &&
          !server.disk.has('traefik.yaml')
        const needed = [1, 2, 3].find(() => {
          server.pass()
          return isGone()
        })
        expect(needed).toBe(passes)
      },
    )
  }

  conform(55, 'source-derived', 'a user file in a subdirectory is pruned and deleted as well', () => {
    const server = running({ 'sub/foo.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"foo"}}' })
    server.restart(['foo'])
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual([])
    expect(server.disk.listing()).toEqual(['d sub'])
    expect(server.takeReasons()).toEqual(['DeletingManifest foo'])
  })

  for (const [number, item, because] of [
    [56, 'Traefik', 'names are compared with their case'],
    [57, 'traefik.yaml', 'the loop knows base names, not file names'],
  ] as const) {
    conform(number, 'source-derived', `--disable ${item} leaves traefik.yaml alone: ${because}`, () => {
      const server = running({ 'traefik.yaml': chart })
      server.restart([item])
      server.pass()
      expect(server.disk.has('traefik.yaml')).toBe(true)
      expect(server.api.names('HelmChart')).toEqual(['kube-system/traefik'])
    })
  }

  conform(58, 'source-derived', 'a part of a component is pruned by its own name', () => {
    const server = running({
      'metrics-server/auth-reader.yaml': configMap('reader'),
      'metrics-server/resource-reader.yaml': configMap('resource'),
    })
    server.restart(['auth-reader'])
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/resource'])
    expect(server.disk.listing()).toEqual(['f metrics-server/resource-reader.yaml', 'd metrics-server'])
  })

  conform(59, 'source-derived', 'without its file, a component that is disabled stays in the cluster', () => {
    const server = running({ 'traefik.yaml': chart })
    server.disk.remove('traefik.yaml')
    server.restart(['traefik'])
    server.pass()
    expect(server.api.names('HelmChart')).toEqual(['kube-system/traefik'])
  })

  conform(
    60,
    'source-derived',
    'everything in a disabled directory goes, readable or not, and the directory stays',
    () => {
      const server = running({})
      server.disk.write('part/README.md', 'words: [')
      server.disk.write('part/bad.yaml', 'a: [')
      server.restart(['part'])
      expect(server.pass().errors).toEqual([])
      expect(server.disk.listing()).toEqual(['d part'])
      expect(server.takeReasons()).toEqual([
        'ParseManifestFailed README',
        'DeletingManifest README',
        'ParseManifestFailed bad',
        'DeletingManifest bad',
      ])
    },
  )

  conform(61, 'source-derived', 'a disabled linked directory is pruned in every pass and keeps its files', () => {
    const server = new SimulatedServer()
    server.disk.write('/elsewhere/dir/x.yaml', configMap('x'))
    server.disk.link('linked', '/elsewhere/dir')
    server.pass()
    server.restart(['linked'])
    server.takeReasons()
    for (const _pass of [1, 2]) {
      server.pass()
      expect(server.takeReasons()).toEqual(['DeletingManifest x'])
    }
    expect(server.api.names('ConfigMap')).toEqual([])
    expect(server.disk.has('/elsewhere/dir/x.yaml')).toBe(true)
  })

  conform(62, 'simulated', 'what one server disables comes back with the next start of another', () => {
    const server = running({ 'traefik.yaml': chart })
    server.restart(['traefik'])
    server.pass()
    expect(server.api.names('HelmChart')).toEqual([])
    // The other server has a directory of its own, and the same cluster.
    server.disk.write('traefik.yaml', chart)
    server.restart([])
    server.pass()
    expect(server.api.names('HelmChart')).toEqual(['kube-system/traefik'])
  })

  conform(
    63,
    'source-derived',
    'an empty item takes everything, README and all; the safeguard ignores and tells it',
    () => {
      const run = (safeguards?: typeof protective): SimulatedServer => {
        const server = new SimulatedServer({ disabled: [''], ...(safeguards === undefined ? {} : { safeguards }) })
        server.disk.write('mine.yaml', configMap('mine'))
        server.disk.write('sub/README.md', 'hello')
        return server
      }
      const faithful = run()
      expect(faithful.pass().hazards).toEqual([{ kind: 'empty-disable-item', guarded: false }])
      expect(faithful.disk.listing()).toEqual(['d sub'])
      const guarded = run(protective)
      expect(guarded.pass().hazards).toEqual([{ kind: 'empty-disable-item', guarded: true }])
      expect(guarded.disk.has('mine.yaml')).toBe(true)
      expect(guarded.api.names('ConfigMap')).toEqual(['default/mine'])
    },
  )
})
