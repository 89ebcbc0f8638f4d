import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestApiServer } from './api-server.ts'
import { freePorts } from './child-server.ts'

/** Somebody who may list nodes and Services and nothing else. */
export async function grantNarrowly(server: TestApiServer, name: string): Promise<string> {
  await server.writer.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name },
    rules: [{ apiGroups: [''], resources: ['nodes', 'services'], verbs: ['list'] }],
  })
  await server.writer.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
  })
  return server.kubeconfigOf(name)
}

/** A kubeconfig with a token for a port that nobody listens on. */
export async function unreachableKubeconfig(
  directory: string,
  token: string,
): Promise<{ readonly kubeconfig: string; readonly address: string }> {
  const [port = 0] = await freePorts(1)
  const address = `https://127.0.0.1:${port}`
  const kubeconfig = join(directory, 'unreachable.kubeconfig')
  const config = {
    clusters: [{ name: 'c', cluster: { server: address } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 })
  return { kubeconfig, address }
}
