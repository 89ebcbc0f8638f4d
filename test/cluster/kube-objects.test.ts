import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import type { KubeLab } from '../contract/kube-lab.ts'
import { kubeObjectsContract } from '../contract/kube-objects.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer } from './api-server.ts'

async function openLab(): Promise<KubeLab | undefined> {
  if (!hasApiServer) return undefined
  const server = await startApiServer()
  const signal = new AbortController().signal
  const target = { kubeconfigs: [server.kubeconfig] }
  const objects = await openKubeObjects(target, signal)
  const other = await openKubeObjects(target, signal, { manager: 'other' })
  let namespaces = 0
  return {
    objects,
    as: () => other,
    async newNamespace() {
      namespaces += 1
      const name = `space-${namespaces}`
      await server.writer.create('/api/v1/namespaces', { metadata: { name } })
      return name
    },
    installKind: (group, kind, plural) => server.writer.installKind(group, 'v1', kind, plural),
    async createMany(objects) {
      const byNamespace = Map.groupBy(objects, ({ metadata }) => metadata.namespace ?? '')
      for (const [namespace, members] of byNamespace) {
        await server.writer.createAll(`/api/v1/namespaces/${namespace}/configmaps`, members)
      }
    },
    async close() {
      await Promise.all([objects.close(), other.close()])
      await server.stop()
    },
  }
}

kubeObjectsContract(openLab, clusterTest)
saySkipped()
