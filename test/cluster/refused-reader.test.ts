import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { openClusterReader } from '../../src/adapters/kube/cluster-reader.ts'
import type { ClusterReading } from '../../src/ports/cluster-reader-port.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { putSampleCluster } from './sample-cluster.ts'

let server: TestApiServer | undefined
const signal = new AbortController().signal

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await putSampleCluster(server.writer)
})
afterAll(() => server?.stop())

function running(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

function read(kubeconfig: string): Promise<ClusterReading> {
  return openClusterReader({ kubeconfigs: [kubeconfig] }).read(signal)
}

clusterTest('who may read nodes and Services alone gets them, and is told what else there was', async () => {
  const cluster = running()
  const { writer } = cluster
  await writer.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'narrow' },
    rules: [{ apiGroups: [''], resources: ['nodes', 'services'], verbs: ['list'] }],
  })
  await writer.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'narrow' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'narrow' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'narrow' }],
  })
  const { facts, unread } = await read(cluster.kubeconfigOf('narrow'))
  expect(facts.nodes.map(({ name }) => name)).toEqual(['agent-1', 'server-1'])
  expect(facts.services.find(({ name }) => name === 'web')).not.toHaveProperty('endpointNodes')
  expect(facts).not.toHaveProperty('hostPortPods')
  expect(facts).not.toHaveProperty('servicelbDaemonSets')
  expect(facts.objects).toEqual([])
  expect(new Set(unread.map(({ code }) => code))).toEqual(new Set(['KUBE_FORBIDDEN']))
  expect(unread.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['/api/v1/pods', '/apis/apps/v1/daemonsets', '/apis/helm.cattle.io/v1/helmcharts']),
  )
})

clusterTest('who may read nothing is told which list was refused', async () => {
  await expect(read(running().kubeconfigOf('nobody'))).rejects.toMatchObject({
    name: 'Failure',
    message: 'these credentials may not read this',
    detail: {
      code: 'KUBE_FORBIDDEN',
      where: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/api\/v1\/(nodes|services)$/),
      retry: 'when-changed',
    },
  })
})

clusterTest('a token that the server does not know is KUBE_UNAUTHORIZED, and is not repeated', async () => {
  const { url, caFile } = running()
  const kubeconfig = await kubeconfigWith({ server: url, 'certificate-authority': caFile }, { token: 'hunter2' })
  const failure = await read(kubeconfig).catch((error: unknown) => error)
  expect(failure).toMatchObject({ detail: { code: 'KUBE_UNAUTHORIZED', where: `${url}/version` } })
  expect(JSON.stringify(failure) + String(failure)).not.toContain('hunter2')
})

clusterTest(
  'a server whose certificate another authority signed is KUBE_TLS, unless the kubeconfig trusts it blindly',
  async () => {
    const { url } = running()
    const user = { token: 'x' }
    const distrusting = await kubeconfigWith({ server: url }, user)
    await expect(read(distrusting)).rejects.toMatchObject({
      message: expect.stringContaining('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
      detail: { code: 'KUBE_TLS', where: `${url}/version` },
    })
    const blind = await kubeconfigWith({ server: url, 'insecure-skip-tls-verify': true }, user)
    await expect(read(blind)).rejects.toMatchObject({ detail: { code: 'KUBE_UNAUTHORIZED' } })
  },
)

clusterTest('the name that a certificate covers may be told apart from the address', async () => {
  const { url, caFile } = running()
  const cluster = { server: url, 'certificate-authority': caFile }
  const covered = await kubeconfigWith({ ...cluster, 'tls-server-name': 'kubernetes.default.svc' }, { token: 'x' })
  await expect(read(covered)).rejects.toMatchObject({ detail: { code: 'KUBE_UNAUTHORIZED' } })
  const other = await kubeconfigWith({ ...cluster, 'tls-server-name': 'elsewhere.example' }, { token: 'x' })
  await expect(read(other)).rejects.toMatchObject({
    message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    detail: { code: 'KUBE_TLS' },
  })
})

async function kubeconfigWith(cluster: object, user: object): Promise<string> {
  const path = join(await temporaryDirectory(), 'kubeconfig')
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

saySkipped()
