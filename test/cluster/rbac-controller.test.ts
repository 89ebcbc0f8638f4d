import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { clusterInventory } from '../../src/adapters/kube/cluster-inventory.ts'
import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import { poolLabel } from '../../src/k3s/servicelb-labels.ts'
import { controllerName } from '../../src/render/install/installation-labels.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { clusterTest, hasApiServer, saySkipped, type TestApiServer } from './api-server.ts'
import { ControllerWorld, networkDocument, PushedRepository, startController, until } from './controller-lab.ts'
import { startInstalledServer } from './installed-server.ts'

const signal = new AbortController().signal
let server: TestApiServer | undefined

beforeAll(async () => {
  if (hasApiServer) server = await startInstalledServer()
})
afterAll(() => server?.stop())

/** The token that a pod of the Deployment is given, in a kubeconfig. */
async function tokenKubeconfig({ writer, url, caFile }: TestApiServer): Promise<string> {
  const path = `/api/v1/namespaces/${fairleadNamespace}/serviceaccounts/${controllerName}/token`
  const { status } = await writer.create(path, { spec: { expirationSeconds: 3600 } })
  const config = {
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'u', user: { token: asRecord(status)['token'] } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  const kubeconfig = join(await temporaryDirectory(), 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 })
  return kubeconfig
}

const pool = `  loadBalancer:
    pools:
      - name: edge
        nodes: { names: [pi-1] }
        services: [{ namespace: shop, name: web }]
`

clusterTest(
  'a controller with these rights publishes, labels, grants, records and tells, and is refused nothing',
  async () => {
    if (server === undefined) throw new Error('the API server did not start')
    const { kubeconfig, writer } = server
    const world = new ControllerWorld(server)
    await world.addNode('pi-2', { labels: { 'node-role.kubernetes.io/control-plane': 'true' } })
    await world.addNode('pi-3')
    // Nobody is here to see that it is ready.
    await writer.setSpec('/api/v1/nodes/pi-1', { taints: [] })
    for (const [group, kind, plural] of [
      ['helm.cattle.io', 'HelmChart', 'helmcharts'],
      ['helm.cattle.io', 'HelmChartConfig', 'helmchartconfigs'],
      ['k3s.cattle.io', 'Addon', 'addons'],
    ] as const) {
      await writer.installKind(group, 'v1', kind, plural)
    }
    const administrator = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal)
    onTestFinished(() => administrator.close())
    const inventory = clusterInventory(administrator)
    await inventory.read(signal)
    await inventory.write(
      { adoption: { cluster: 'home', adoptedAt: '2026-01-01T00:00:00Z' }, entries: new Map() },
      signal,
    )
    const git = new PushedRepository()
    git.push({ 'network.yaml': networkDocument() })
    const controller = await startController(await tokenKubeconfig(server), git, {
      goneAfterMs: 500,
      contentGraceMs: 500,
    })
    onTestFinished(() => controller.stop())
    await until('programs of all nodes', async () => (await world.programs()).length === 3, 30_000)
    git.push({ 'network.yaml': networkDocument(pool) })
    controller.controller.trigger('test')
    const labelOf = async (path: string): Promise<unknown> =>
      asRecord(asRecord((await writer.get(path))['metadata'])['labels'])[poolLabel]
    await until('label of the node', async () => (await labelOf('/api/v1/nodes/pi-1')) === 'edge', 30_000)
    await until('label of the Service', async () => (await labelOf('/api/v1/namespaces/shop/services/web')) === 'edge')
    await until('record', async () => (await world.record()) !== undefined)
    const agents = await administrator.list(
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', namespace: fairleadNamespace },
      signal,
    )
    expect(agents.items.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['fairlead-agents', 'fairlead-agent-pi-1', 'fairlead-agent-pi-3']),
    )
    await administrator.delete({ apiVersion: 'v1', kind: 'Node', name: 'pi-3' }, {}, signal)
    await until('its program goes', async () => (await world.programs()).length === 2, 30_000)
    const refusals = controller.lines.filter(({ fields }) => /KUBE_(DENIED|FORBIDDEN)/.test(JSON.stringify(fields)))
    expect(refusals).toEqual([])
  },
)

saySkipped()
