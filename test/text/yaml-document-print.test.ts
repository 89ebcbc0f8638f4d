import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DocumentMapping, type DocumentValue, printYamlDocument } from '../../src/text/yaml-document-print.ts'
import { documentOptions, readYaml } from '../../src/text/yaml-source.ts'

const network: DocumentMapping = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'ClusterNetwork',
  metadata: { name: 'home' },
  spec: {
    k3sVersion: 'v1.33.4+k3s1',
    nodes: [
      { name: 'pi-1', role: 'server', addresses: ['192.168.1.5', 'fd00::5'] },
      { name: 'pi-2', role: 'agent' },
    ],
    addressing: { clusterCIDR: ['10.42.0.0/16', 'fd00:42::/56'], clusterDomain: 'cluster.local' },
    components: { traefik: { enabled: false }, coredns: { enabled: true, custom: {} } },
    loadBalancer: { pools: [{ name: 'edge', nodes: { names: ['pi-1'] }, services: [] }] },
  },
}

describe('a document for people', () => {
  test('keeps the order of its fields and puts short things on one line', () => {
    const layout = {
      header: ['The network of home.', '', '- one thing that is not in here: it is a secret'],
      comments: new Map([['spec.addressing', ['for life']]]),
      spaced: ['spec'],
    }
    expect(printYamlDocument(network, layout)).toBe(`# The network of home.
#
# - one thing that is not in here: it is a secret
apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata:
  name: home
spec:
  k3sVersion: v1.33.4+k3s1

  nodes:
    - { name: pi-1, role: server, addresses: [192.168.1.5, fd00::5] }
    - { name: pi-2, role: agent }

  # for life
  addressing:
    clusterCIDR: [10.42.0.0/16, fd00:42::/56]
    clusterDomain: cluster.local

  components:
    traefik: { enabled: false }
    coredns:
      enabled: true
      custom: {}

  loadBalancer:
    pools:
      - name: edge
        nodes: { names: [pi-1] }
        services: []
`)
  })

  test.each([
    ['yes', '"yes"'],
    ['0644', '"0644"'],
    ['1e3', '"1e3"'],
    ['10:30', '"10:30"'],
    ['1_000', '"1_000"'],
    ['null', '"null"'],
    ['2001-01-01', '"2001-01-01"'],
    ['', '""'],
    ['a b', '"a b"'],
    ['fd00::', '"fd00::"'],
    ['node-status-update-frequency=5s', 'node-status-update-frequency=5s'],
    ['10.43.0.10', '10.43.0.10'],
    ['a: b', '"a: b"'],
    ['line\nbreak', '"line\\nbreak"'],
    ['\u0085\u2028', '"\\u0085\\u2028"'],
  ])('%j is written as %s', (text, expected) => {
    expect(printYamlDocument({ key: text })).toBe(`key: ${expected}\n`)
  })

  test('a comment stays one, whatever stands in it, and is wrapped', () => {
    const printed = printYamlDocument({ a: 1 }, { header: [`evil\nb: 2\u2028c: 3 ${'word '.repeat(40)}`] })
    expect(printed.split('\n').filter((line) => line !== '' && !line.startsWith('# '))).toEqual(['a: 1'])
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
  })

  test('says what it was given, to the reader of repositories', () => {
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.integer(),
      fc.constantFrom('on', '1.5', '-'),
    )
    const { value } = fc.letrec<{ value: DocumentValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), tie('value'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { minKeys: 1, maxKeys: 4 }), (document) => {
        const read = readYaml('x.yaml', printYamlDocument(document, { spaced: [''] }), documentOptions)
        expect(read.problems).toEqual([])
        expect(read.documents[0]?.value).toEqual(document)
      }),
    )
  })
})
