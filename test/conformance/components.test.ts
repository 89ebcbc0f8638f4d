import { describe, expect } from 'vitest'
import { asList, asRecord, type Json, textIn } from '../../src/domain/plain-json.ts'
import type { PackagedSelection } from '../../src/domain/program.ts'
import { packagedBundle } from '../../src/k3s/bundle/packaged-bundle.ts'
import { customEntryKind } from '../../src/k3s/coredns/custom-entries.ts'
import { k3sPaths } from '../../src/k3s/locations.ts'
import { packagedRules } from '../../src/lint/packaged/packaged-rules.ts'
import { runRules } from '../../src/lint/run-rules.ts'
import { parseManifest } from '../../src/plan/deploy/parse-manifest.ts'
import { renderHelmChartConfigs } from '../../src/render/helm-chart-configs.ts'
import { renderTraefikConfig } from '../../src/render/traefik-config.ts'
import { desiredState } from '../lab/desired-state.ts'
import { object, subject } from '../lab/lint-subject.ts'
import { rulesOf } from '../plan/deploy/releases.ts'
import { conform } from './conform.ts'
import { SimulatedServer } from './simulated-server.ts'

const selection: PackagedSelection = { disabled: [], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' }

/** Text of a file of our own bundle, as it is staged. */
function staged(name: string, chosen: PackagedSelection = selection): string {
  const text = packagedBundle(chosen).get(`${k3sPaths.manifests}/${name}`)
  if (text === undefined) throw new Error(`${name} is not in the bundle`)
  return text
}

function objectsIn(text: string): readonly Json[] {
  const parsed = parseManifest(Buffer.from(text), 'file', rulesOf('v1.36.3+k3s1'))
  if (!parsed.ok) throw new Error(parsed.error.what)
  return parsed.value
}

function find(objects: readonly Json[], kind: string): Json {
  const found = objects.find((one) => one['kind'] === kind)
  if (found === undefined) throw new Error(`there is no ${kind}`)
  return found
}

describe('template variables of our own bundle', () => {
  conform(8, 'source-derived', 'two cluster DNS addresses make a Service of two families, one makes it single', () => {
    const two = find(
      objectsIn(staged('coredns.yaml', { ...selection, clusterDNS: ['10.43.0.10', 'fd00::10'] })),
      'Service',
    )
    expect(two['spec']).toMatchObject({
      clusterIP: '10.43.0.10',
      clusterIPs: ['10.43.0.10', 'fd00::10'],
      ipFamilyPolicy: 'RequireDualStack',
    })
    const one = find(objectsIn(staged('coredns.yaml')), 'Service')
    expect(one['spec']).toMatchObject({ clusterIPs: ['10.43.0.10'], ipFamilyPolicy: 'SingleStack' })
  })

  conform(
    9,
    'source-derived',
    'without a registry of its own images have none in front, and no variable is left',
    () => {
      const deployment = find(objectsIn(staged('coredns.yaml')), 'Deployment')
      const { spec } = asRecord(asRecord(deployment['spec'])['template'])
      const images = asList(asRecord(spec)['containers']).map((container) => asRecord(container)['image'])
      expect(images).toEqual(['coredns/coredns:1.12.1'])
      for (const text of packagedBundle(selection).values()) expect(text).not.toContain('%{')
    },
  )
})

describe('Helm charts: what the Helm controller is given', () => {
  const chart = find(objectsIn(staged('traefik.yaml')), 'HelmChart')
  const values = { ports: { web: { exposedPort: 8080 } } }

  conform(
    65,
    'source-derived',
    'the override of Traefik has the name and namespace of its chart, so that it counts',
    () => {
      const config = renderTraefikConfig(desiredState({ components: { traefik: { values } } }).cluster)
      const [override] = objectsIn(config?.text ?? '')
      const name = (value: Json | undefined): unknown => {
        const metadata = asRecord(value?.['metadata'])
        return [metadata['name'], metadata['namespace']]
      }
      expect(override?.['kind']).toBe('HelmChartConfig')
      expect(name(override)).toEqual(name(chart))
      expect(textIn(asRecord(override?.['spec'])['valuesContent'])).toContain('exposedPort: 8080')
    },
  )

  conform(66, 'source-derived', 'the staged chart fixes nothing in spec.set that an override could not change', () => {
    expect(asRecord(chart['spec'])).not.toHaveProperty('set')
  })

  conform(
    67,
    'source-derived',
    'an override in another namespace has no effect, which is told before it is written',
    () => {
      const misplaced = object({
        apiVersion: 'helm.cattle.io/v1',
        kind: 'HelmChartConfig',
        metadata: { name: 'traefik', namespace: 'default' },
        spec: { valuesContent: 'a: 1' },
      })
      const problems = runRules(packagedRules.rules, subject({ objects: [misplaced] }))
      expect(problems.map(({ code, what }) => [code, what])).toContainEqual([
        'PKG_HCC_IDENTITY',
        'there is no HelmChart default/traefik, but kube-system/traefik',
      ])
    },
  )

  conform(
    68,
    'source-derived',
    'overrides say their failurePolicy, so that the default of the definition replaces none',
    () => {
      const written = desiredState({ helmChartConfigs: [{ name: 'app', namespace: 'kube-system', values: { a: 1 } }] })
      const [file] = renderHelmChartConfigs(written.cluster)
      expect(asRecord(objectsIn(file?.text ?? '')[0]?.['spec'])).toMatchObject({ failurePolicy: 'abort' })
    },
  )
})

describe('CoreDNS', () => {
  conform(
    73,
    'source-derived',
    'overrides are read inside the default block, servers outside, and nothing else',
    () => {
      expect(['a.override', 'b.server', 'c.txt'].map(customEntryKind)).toEqual(['override', 'server', 'ignored'])
      const corefile = String(asRecord(find(objectsIn(staged('coredns.yaml')), 'ConfigMap')['data'])['Corefile'])
      const block = corefile.slice(0, corefile.indexOf('\n}\n'))
      expect(block).toContain('    import /etc/coredns/custom/*.override\n')
      expect(block).not.toContain('.server')
      expect(corefile.slice(block.length)).toContain('\nimport /etc/coredns/custom/*.server')
      expect(corefile.match(/import /g)).toHaveLength(2)
    },
  )

  conform(75, 'source-derived', 'the node entries survive when coredns.yaml is applied again', () => {
    const server = new SimulatedServer()
    server.disk.write('coredns.yaml', staged('coredns.yaml'))
    server.pass()
    const corefile = asRecord(server.api.object('ConfigMap', 'coredns')?.['data'])['Corefile']
    server.api.edit('ConfigMap', 'coredns', { data: { NodeHosts: '192.168.1.10 pi-1\n', Corefile: 'edited' } })
    server.restart()
    server.pass()
    const data = { Corefile: corefile, NodeHosts: '192.168.1.10 pi-1\n' }
    expect(server.api.object('ConfigMap', 'coredns')).toMatchObject({ data })
    server.disk.write('coredns.yaml', staged('coredns.yaml', { ...selection, clusterDomain: 'lab.example' }))
    server.pass()
    expect(asRecord(server.api.object('ConfigMap', 'coredns')?.['data'])).toMatchObject({
      NodeHosts: '192.168.1.10 pi-1\n',
      Corefile: expect.stringContaining('lab.example'),
    })
  })
})
