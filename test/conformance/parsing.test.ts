import { describe, expect } from 'vitest'
import { configMap, conform } from './conform.ts'
import { SimulatedServer } from './simulated-server.ts'

interface Deployed {
  readonly names: readonly string[]
  readonly reasons: readonly string[]
  readonly server: SimulatedServer
}

function deploy(content: string | Uint8Array, version = 'v1.36.3+k3s1', file = 'f.yaml'): Deployed {
  const server = new SimulatedServer({ version })
  server.disk.write(file, content)
  server.pass()
  return {
    names: server.api.names('ConfigMap'),
    reasons: server.takeReasons().map((reason) => reason.split(' ')[0] ?? ''),
    server,
  }
}

const applied = ['ApplyingManifest', 'AppliedManifest']
const json = (name: string): string => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}}`

describe('parsing', () => {
  conform(28, 'recorded', 'a bad second document keeps the first one from being applied', () => {
    const { names, reasons } = deploy(`${configMap('a')}---\nmetadata: {name: b\n`)
    expect(names).toEqual([])
    expect(reasons).toEqual(['ParseManifestFailed'])
  })

  conform(29, 'recorded', 'documents of comments, and empty ones, count for nothing', () => {
    const { names, reasons } = deploy(`---\n---\n# note\n---\n${configMap('a')}---\n\n---\n${configMap('b')}---\n`)
    expect(names).toEqual(['default/a', 'default/b'])
    expect(reasons).toEqual(applied)
  })

  for (const [version, names] of [
    ['v1.21.14+k3s1', ['default/a']],
    ['v1.22.2+k3s1', ['default/a', 'default/b']],
  ] as const) {
    conform(30, 'source-derived', `a separator with a comment in ${version}`, () => {
      expect(deploy(`${configMap('a')}--- # note\n${configMap('b')}`, version).names).toEqual(names)
    })
  }

  conform(31, 'recorded', 'a List is expanded once, and a List in it is no object that can be applied', () => {
    const inner = (name: string): string => `- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: ${name}}\n`
    expect(deploy(`apiVersion: v1\nkind: List\nitems:\n${inner('a')}${inner('b')}`).names).toEqual([
      'default/a',
      'default/b',
    ])
    const nested = deploy('apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items: []\n')
    expect(nested.reasons).toEqual(['ApplyingManifest', 'ApplyManifestFailed'])
  })

  conform(32, 'source-derived', 'JSON objects need a separator between them', () => {
    expect(deploy(`${json('a')}\n${json('b')}\n`, undefined, 'f.json').reasons).toEqual(['ParseManifestFailed'])
    expect(deploy(`${json('a')}\n---\n${json('b')}\n`, undefined, 'f.json').names).toEqual(['default/a', 'default/b'])
  })

  conform(33, 'source-derived', 'the last of two equal keys counts', () => {
    const { server } = deploy('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: "1"\n  k: "2"\n')
    expect(server.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '2' } })
  })

  conform(34, 'source-derived', 'CRLF and a byte order mark are fine', () => {
    expect(deploy(`\uFEFF${configMap('a')}---\n${configMap('b')}`.replaceAll('\n', '\r\n')).names).toEqual([
      'default/a',
      'default/b',
    ])
  })

  for (const [version, reasons] of [
    ['v1.36.3+k3s1', ['ValidateManifestFailed']],
    ['v1.24.7+k3s1', ['ApplyingManifest', 'ApplyManifestFailed']],
  ] as const) {
    conform(
      35,
      version === 'v1.24.7+k3s1' ? 'recorded' : 'source-derived',
      `an object without apiVersion in ${version}`,
      () => {
        const deployed = deploy('kind: ConfigMap\nmetadata: {name: a}\n', version)
        expect(deployed.names).toEqual([])
        expect(deployed.reasons).toEqual(reasons)
      },
    )
  }
})
