import { describe, expect } from 'vitest'
import { configMap, conform } from './conform.ts'
import { SimulatedServer } from './simulated-server.ts'

function settled(options: ConstructorParameters<typeof SimulatedServer>[0] = {}): SimulatedServer {
  const server = new SimulatedServer(options)
  server.disk.write('a.yaml', configMap('a'))
  server.pass()
  server.pass()
  server.takeReasons()
  return server
}

describe('loop and gates', () => {
  conform(13, 'recorded', 'a changed file is applied', () => {
    const server = settled()
    server.disk.write('a.yaml', configMap('a', '{k: "2"}'))
    server.pass()
    expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '2' } })
    expect(server.takeReasons()).toEqual(['ApplyingManifest a', 'AppliedManifest a'])
  })

  conform(14, 'recorded', 'a new mtime alone changes nothing and writes nothing', () => {
    const server = settled()
    server.disk.touch('a.yaml')
    server.api.counts.clear()
    server.pass()
    expect(server.takeReasons()).toEqual([])
    expect([...server.api.counts]).toEqual([['get', 1]])
  })

  conform(15, 'source-derived', 'new content under the old mtime waits for a restart', () => {
    const server = settled()
    server.disk.write('a.yaml', configMap('a', '{k: "2"}'), server.disk.mtimeOf('a.yaml'))
    server.pass()
    expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '1' } })
    server.restart()
    server.pass()
    expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '2' } })
  })

  for (const [version, value] of [
    ['v1.36.3+k3s1', '1'],
    ['v1.38.0+k3s1', '2'],
  ] as const) {
    conform(16, 'source-derived', `new content under the mtime of the epoch is "${value}" in ${version}`, () => {
      const server = new SimulatedServer({ version })
      server.disk.write('a.yaml', configMap('a'), 0n)
      server.pass()
      server.disk.write('a.yaml', configMap('a', '{k: "2"}'), 0n)
      server.pass()
      expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: value } })
    })
  }

  conform(
    17,
    'recorded',
    'a live edit stays until a restart, which restores the fields of the file and keeps others',
    () => {
      const server = settled()
      server.api.edit('ConfigMap', 'a', { data: { k: 'edited', extra: 'mine' } })
      server.pass()
      expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: 'edited' } })
      server.restart()
      server.pass()
      expect(server.api.object('ConfigMap', 'a')?.['data']).toEqual({ k: '1', extra: 'mine' })
    },
  )

  conform(18, 'recorded', 'one bad file at the start has every file applied in every pass until it is mended', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.disk.write('bad.yaml', 'a: [')
    const everyPass = [1, 2, 3].map(() => {
      server.pass()
      return server.takeReasons()
    })
    expect(everyPass).toEqual(
      Array.from({ length: 3 }, () => ['ApplyingManifest a', 'AppliedManifest a', 'ParseManifestFailed bad']),
    )
    server.disk.write('bad.yaml', configMap('good'))
    server.pass()
    server.takeReasons()
    expect(server.forced).toBe(false)
    server.pass()
    expect(server.takeReasons()).toEqual([])
  })

  conform(19, 'source-derived', 'a file that turns bad later is the only one tried again', () => {
    const server = settled()
    server.disk.write('bad.yaml', 'a: [')
    for (const _pass of [1, 2]) {
      server.pass()
      expect(server.takeReasons()).toEqual(['ParseManifestFailed bad'])
    }
  })

  conform(20, 'source-derived', 'files go in the order of their paths, byte by byte', () => {
    const server = new SimulatedServer()
    for (const path of ['x/1.yaml', 'b.yaml', 'x.yaml', 'a.yaml', 'B.yaml', 'x-y.yaml']) server.disk.write(path, '')
    const { files } = server.pass()
    expect(files.map(({ path }) => path.slice(server.disk.base.length + 1))).toEqual([
      'B.yaml',
      'a.yaml',
      'b.yaml',
      'x-y.yaml',
      'x.yaml',
      'x/1.yaml',
    ])
  })

  conform(21, 'recorded', 'extensions: yaml, yml and json in any case, and no hidden file', () => {
    const server = new SimulatedServer()
    for (const name of ['A.YAML', 'b.yml', 'c.json', 'd.yaml.bak', '.e.yaml', 'f.yaml~', 'g.jsonc']) {
      server.disk.write(name, configMap(name.toLowerCase().replace(/\W/g, '')))
    }
    server.pass()
    // The Addon "A" has no valid name: what counts is that it was tried.
    expect(server.pass().errors).toHaveLength(1)
    expect(server.api.names('ConfigMap')).toEqual(['default/byml', 'default/cjson'])
    const old = new SimulatedServer({ version: 'v1.20.15+k3s1' })
    old.disk.write('a.YAML', configMap('a'))
    old.pass()
    expect(old.api.names('ConfigMap')).toEqual([])
  })

  conform(22, 'source-derived', 'a .skip marker anywhere covers every file of that name', () => {
    const server = new SimulatedServer()
    server.disk.write('sub/foo.yaml.skip', '')
    server.disk.write('foo.yaml', configMap('top'))
    server.disk.write('other/foo.yaml', configMap('other'))
    server.disk.write('foo.yml', configMap('yml'))
    server.disk.directory('dir/bar.yaml.skip')
    server.disk.write('bar.yaml', configMap('bar'))
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/yml'])
  })

  conform(23, 'source-derived', 'a hidden directory is looked into', () => {
    const server = new SimulatedServer()
    server.disk.write('.git/x.yaml', configMap('x'))
    server.pass()
    expect(server.api.names('ConfigMap')).toEqual(['default/x'])
  })

  conform(24, 'source-derived', 'a link has its own mtime: a changed target is noticed when the link is new', () => {
    const server = new SimulatedServer()
    server.disk.write('/elsewhere/a.yaml', configMap('a'))
    server.disk.link('a.yaml', '/elsewhere/a.yaml')
    server.pass()
    server.disk.write('/elsewhere/a.yaml', configMap('a', '{k: "2"}'))
    server.pass()
    expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '1' } })
    server.disk.link('a.yaml', '/elsewhere/a.yaml')
    server.pass()
    expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '2' } })
  })

  for (const [version, source] of [
    ['v1.21.2+k3s1', undefined],
    ['v1.30.2+k3s1', '/elsewhere/dir/x.yaml'],
    ['v1.36.3+k3s1', '/var/lib/rancher/k3s/server/manifests/linked/x.yaml'],
  ] as const) {
    conform(25, version === 'v1.21.2+k3s1' ? 'recorded' : 'source-derived', `a linked directory in ${version}`, () => {
      const server = new SimulatedServer({ version })
      server.disk.write('/elsewhere/dir/x.yaml', configMap('x'))
      server.disk.link('linked', '/elsewhere/dir')
      server.pass()
      expect(server.api.object('Addon', 'x')?.['spec']).toEqual(
        source === undefined ? undefined : { source, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) },
      )
    })
  }

  conform(26, 'source-derived', 'a dangling link keeps everything from being deployed since links are followed', () => {
    const server = new SimulatedServer()
    server.disk.write('a.yaml', configMap('a'))
    server.disk.link('z.txt', '/nowhere')
    expect(server.pass().errors).toEqual([`stat ${server.disk.base}/z.txt: no such file or directory`])
    expect(server.api.names('ConfigMap')).toEqual([])
    const before = new SimulatedServer({ version: 'v1.30.1+k3s1' })
    before.disk.write('a.yaml', configMap('a'))
    before.disk.link('b.yaml', '/nowhere')
    expect(before.pass().errors).toHaveLength(1)
    expect(before.takeReasons()).toContain('ReadManifestFailed b')
    expect(before.api.names('ConfigMap')).toEqual(['default/a'])
  })

  conform(27, 'source-derived', 'a directory named like a manifest is no manifest any more', () => {
    const run = (version: string): SimulatedServer => {
      const server = new SimulatedServer({ version })
      server.disk.write('d.yaml/inner.yaml', configMap('inner'))
      server.pass()
      return server
    }
    const now = run('v1.36.3+k3s1')
    expect(now.api.names('Addon')).toEqual(['kube-system/inner'])
    expect(now.takeReasons()).toEqual(['ApplyingManifest inner', 'AppliedManifest inner'])
    const before = run('v1.36.2+k3s1')
    expect(before.api.names('Addon')).toEqual(['kube-system/d', 'kube-system/inner'])
    expect(before.takeReasons()).toContain('ReadManifestFailed d')
  })
})
