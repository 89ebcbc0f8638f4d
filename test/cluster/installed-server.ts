import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import { applyObjects } from '../../src/reconcile/objects/apply-objects.ts'
import { ownApi } from '../../src/render/install/installation.ts'
import { controllerName } from '../../src/render/install/installation-labels.ts'
import { installationObjects } from '../../src/render/install/installation-objects.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import { startApiServer, type TestApiServer } from './api-server.ts'

/** The ServiceAccount of the controller, as its token would tell the server. */
export const controllerUser = `system:serviceaccount:${fairleadNamespace}:${controllerName}`
export const controllerGroups = ['system:serviceaccounts', `system:serviceaccounts:${fairleadNamespace}`] as const

/** A server with what `fairlead install` prints, a node `pi-1` and a LoadBalancer Service `shop/web`. */
export async function startInstalledServer(): Promise<TestApiServer> {
  const server = await startApiServer()
  const { writer, kubeconfig } = server
  for (const name of ['kube-system', 'default', 'shop']) {
    await writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
  await writer.create('/api/v1/nodes', { metadata: { name: 'pi-1' } })
  await writer.create('/api/v1/namespaces/shop/services', {
    metadata: { name: 'web' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  })
  const signal = new AbortController().signal
  const administrator = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal)
  const installation = { version: '1.0.0', image: 'fairlead:1.0.0', api: ownApi, nodeAgent: 'daemonset' } as const
  const objects = [...fairleadCrds(), ...installationObjects(installation)]
  const { outcomes } = await applyObjects(objects, {}, { objects: administrator, clock: systemClock() }, signal)
  const refused = outcomes.filter(({ kind }) => kind !== 'Created')
  await administrator.close()
  if (refused.length > 0) throw new Error(`not installed: ${JSON.stringify(refused)}`)
  return server
}
