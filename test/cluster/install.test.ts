import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { installCommand } from '../../src/cli/install.ts'
import { asList, asRecord } from '../../src/domain/plain-json.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { kubectl } from './kubectl.ts'
import { verb } from './verbs.ts'

const signal = new AbortController().signal
let server: TestApiServer | undefined

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
})
afterAll(() => server?.stop())

function asAdministrator(words: readonly string[], input = ''): string {
  if (server === undefined) throw new Error('the API server did not start')
  return kubectl(server.kubeconfig, words, input)
}

const flags = { gitUrl: 'https://git.example/net.git', gitBranch: 'main', cluster: 'home' }

async function printed(options: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, out, err } = await verb('/', installCommand, { flags, options })
  expect([code, err]).toEqual([0, ''])
  return out
}

clusterTest('kubectl takes what is printed, and a second time nothing changes', async () => {
  const text = await printed()
  const applied = asAdministrator(['apply', '--server-side', '-f', '-'], text)
  expect(
    applied
      .trim()
      .split('\n')
      .every((line) => line.endsWith('serverside-applied')),
  ).toBe(true)
  const versions = (): readonly string[] => {
    const list = JSON.parse(asAdministrator(['get', '-f', '-', '-o', 'json'], text))
    return asList(list.items).map((item) => {
      const { kind, metadata } = asRecord(item)
      const { name, resourceVersion } = asRecord(metadata)
      return [kind, name, resourceVersion].join(' ')
    })
  }
  // The server itself goes on writing what it says of definitions for a moment.
  asAdministrator(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s'])
  const before = versions()
  asAdministrator(['apply', '--server-side', '-f', '-'], text)
  expect(versions()).toEqual(before)
  expect(before.length).toBe(15)
})

clusterTest(
  'after a controller of another release wrote its kinds, kubectl takes the installation by force alone',
  async () => {
    if (server === undefined) throw new Error('the API server did not start')
    const [definition] = fairleadCrds()
    if (definition === undefined) throw new Error('there are no definitions')
    const objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
    onTestFinished(() => objects.close())
    const spec = asRecord(definition['spec'])
    const names = { ...asRecord(spec['names']), shortNames: ['fx'] }
    await objects.apply({ ...definition, spec: { ...spec, names } }, { force: true }, signal)
    const text = await printed()
    expect(() => asAdministrator(['apply', '--server-side', '-f', '-'], text)).toThrow(/conflict/)
    asAdministrator(['apply', '--server-side', '--force-conflicts', '-f', '-'], text)
    const live = await server.writer.get(
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`,
    )
    expect(asRecord(asRecord(live['spec'])['names'])['shortNames']).toEqual(asRecord(spec['names'])['shortNames'])
  },
)

saySkipped()
