import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Facts, NodeFacts } from '../../src/domain/facts.ts'
import { assumedFacts } from '../../src/domain/facts.ts'
import { compileRevision } from '../../src/reconcile/compile-revision.ts'
import { loadDesired } from '../../src/reconcile/load-desired.ts'
import { previewLb } from '../../src/reconcile/preview-lb.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'
import { readTemplateFile, templateFiles, templateReader, templateRoot } from './template-reader.ts'

const dropIn = '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml'
const flannelConf = '/etc/rancher/k3s/fairlead/flannel.json'
const manifests = '/var/lib/rancher/k3s/server/manifests'

const clusters: Readonly<Record<string, readonly NodeFacts[]>> = {
  home: [node('home-1', 'server')],
  edge: [node('edge-1', 'server'), node('edge-2', 'agent'), node('edge-3', 'agent')],
}

function node(name: string, role: NodeFacts['role']): NodeFacts {
  return { name, role, labels: {}, addresses: [] }
}

async function compile(cluster: string, reader = templateReader) {
  const facts: Facts = { origin: 'capture', nodes: clusters[cluster] ?? [], services: [] }
  const compiled = await compileRevision(reader, `clusters/${cluster}`, facts, new AbortController().signal)
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems, undefined, 2))
  return compiled
}

async function filesOf(cluster: string): Promise<Record<string, readonly string[]>> {
  const { nodes } = await compile(cluster)
  return Object.fromEntries(nodes.map((program) => [program.node, program.files.map((file) => file.path)]))
}

async function settingsOf(cluster: string, name: string, path: string): Promise<Record<string, unknown>> {
  const { nodes } = await compile(cluster)
  const text = nodes.find((program) => program.node === name)?.files.find((file) => file.path === path)?.text
  return readYamlMap(text ?? '')
}

test('the template holds the clusters that these tests are about', () => {
  const found = templateFiles().flatMap((path) => /^clusters\/([^/]+)\/network\.yaml$/.exec(path)?.[1] ?? [])
  expect(found.sort()).toEqual(Object.keys(clusters).sort())
})

describe.each(Object.keys(clusters))('cluster %s', (cluster) => {
  test('has no error and no warning', async () => {
    const { problems } = await compile(cluster)
    expect(problems.filter((problem) => problem.severity !== 'notice')).toEqual([])
  })

  test('gives the same bytes twice, and the same digests when files come in another order', async () => {
    const backwards = {
      readDirectory: async (directory: string, signal: AbortSignal) =>
        (await templateReader.readDirectory(directory, signal)).toReversed(),
    }
    const [first, second, other] = [await compile(cluster), await compile(cluster), await compile(cluster, backwards)]
    expect(JSON.stringify(second)).toBe(JSON.stringify(first))
    expect(JSON.stringify([other.nodes, other.cluster])).toBe(JSON.stringify([first.nodes, first.cluster]))
  })
})

test('home is one server: its flags, a DNS zone, and values for Traefik', async () => {
  expect(await filesOf('home')).toEqual({
    'home-1': [dropIn, `${manifests}/fairlead-coredns-custom.yaml`, `${manifests}/fairlead-traefik.yaml`],
  })
})

test('edge has flannel options on every node, and its manifests on the server', async () => {
  expect(await filesOf('edge')).toEqual({
    'edge-1': [
      dropIn,
      flannelConf,
      `${manifests}/fairlead-chart-cert-manager.yaml`,
      `${manifests}/fairlead-coredns-custom.yaml`,
      `${manifests}/fairlead-traefik.yaml`,
      `${manifests}/plant-policy.yaml`,
    ],
    'edge-2': [dropIn, flannelConf],
    'edge-3': [dropIn, flannelConf],
  })
})

test('edge keeps what the base says beside its own', async () => {
  const custom = await settingsOf('edge', 'edge-1', `${manifests}/fairlead-coredns-custom.yaml`)
  expect(Object.keys(custom['data'] ?? {}).sort()).toEqual(['log-errors.override', 'plant.server'])
  const { spec } = await settingsOf('edge', 'edge-1', `${manifests}/fairlead-traefik.yaml`)
  expect(readYamlMap(String(Object(spec)['valuesContent']))).toMatchObject({
    logs: { access: { enabled: true } },
    deployment: { replicas: 2 },
    service: { labels: { 'svccontroller.k3s.cattle.io/lbpool': 'public' } },
  })
})

test('the two pools of edge label one node each, and the Service that no chart owns', async () => {
  const { cluster } = await compile('edge')
  expect(
    cluster.labels.map((artefact) => [artefact.id, artefact.labels['svccontroller.k3s.cattle.io/lbpool']]),
  ).toEqual([
    ['node-labels:edge-2', 'public'],
    ['node-labels:edge-3', 'plant'],
    ['service-labels:default/mqtt', 'plant'],
  ])
})

test('edge names its machines, so that its pools can be told without a capture', async () => {
  const loaded = await loadDesired(templateReader, 'clusters/edge', new AbortController().signal)
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  const services = previewLb(loaded.desired, assumedFacts)?.after.services ?? []
  expect(services.map(({ key, pool, actual }) => [key, pool, actual.addresses])).toEqual([
    ['kube-system/traefik', 'public', ['192.168.10.12']],
  ])
})

test('the README tells of every directory that Fairlead reads, and of every verb for a checkout', () => {
  const text = readTemplateFile('README.md')
  const words = ['manifests/', 'charts/', 'cni/', 'nodes/', 'base/', '.sops.yaml', 'age-keygen']
  const verbs = [
    'validate',
    'lint',
    'plan',
    'render',
    'explain',
    'import',
    'capture',
    'bootstrap',
    'lb',
    'doctor',
    'drift',
  ]
  for (const word of [...words, ...verbs.map((verb) => `fairlead ${verb}`)]) expect(text).toContain(word)
})

test('the modeline of every document names a schema that is there', () => {
  const documents = templateFiles().filter((path) => /^(base|clusters\/[^/]+)\/(network|nodes\/.*)\.yaml$/.test(path))
  expect(documents.length).toBeGreaterThanOrEqual(4)
  for (const path of documents) {
    const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readTemplateFile(path))?.[1] ?? 'no modeline'
    expect(existsSync(join(templateRoot, dirname(path), schema)), `${path}: ${schema}`).toBe(true)
  }
})

test('the settings of the editor name the same schemas', () => {
  const settings: unknown = JSON.parse(readTemplateFile('.vscode/settings.json'))
  const schemas = Object.keys(Object(Object(settings)['yaml.schemas']))
  expect(schemas.length).toBe(2)
  for (const schema of schemas) expect(existsSync(join(templateRoot, schema)), schema).toBe(true)
})

describe('pipelines', () => {
  const plans = {
    '.github/workflows/fairlead.yml': 'fairlead plan --base "origin/$TARGET"',
    '.gitlab-ci.yml': 'fairlead plan --base "$base"',
    '.forgejo/workflows/fairlead.yml':
      'fairlead plan --base "$(git -c safe.directory="$PWD" merge-base HEAD "origin/$TARGET")"',
  }
  const pipelines = Object.keys(plans)

  test.each(Object.entries(plans))('%s is YAML and calls validate and plan', (path, plan) => {
    const scripts = scriptsOf(readYamlMap(readTemplateFile(path)))
    expect(scripts).toMatch(/^fairlead validate$/m)
    expect(scripts).toContain(plan)
  })

  test.each(pipelines)('%s has no secret and pastes nothing from a request into a script', (path) => {
    const pipeline = readYamlMap(readTemplateFile(path))
    expect(readTemplateFile(path)).not.toMatch(/secrets\.|pull_request_target|TOKEN/)
    expect(scriptsOf(pipeline)).not.toContain('${{')
    for (const step of stepsOf(pipeline)) {
      const action = String(Object(step)['uses'] ?? '')
      if (action !== '') expect(action).toMatch(/@[0-9a-f]{40}$/)
    }
  })

  test('the token of GitHub may only read', () => {
    expect(readYamlMap(readTemplateFile('.github/workflows/fairlead.yml'))['permissions']).toEqual({ contents: 'read' })
  })
})

function stepsOf(pipeline: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Object.values(Object(pipeline['jobs'])).flatMap((job) => [Object(job)['steps'] ?? []].flat())
}

/** Every line that a shell would see. */
function scriptsOf(pipeline: Readonly<Record<string, unknown>>): string {
  const runs = stepsOf(pipeline).map((step) => String(Object(step)['run'] ?? ''))
  const scripts = Object.values(pipeline).flatMap((job) => [Object(job)['script'] ?? []].flat())
  return [...runs, ...scripts.map(String)].join('\n')
}
