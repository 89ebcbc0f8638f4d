import { onTestFinished } from 'vitest'
import { type KubeObjects, type KubeObjectsSettings, openKubeObjects } from '../../../src/adapters/kube/kube-objects.ts'
import { defaultWatchTiming } from '../../../src/adapters/kube/watch-timing.ts'
import { startApiServer, type TestApiServer } from '../../cluster/api-server.ts'
import { type FaultProxy, startFaultProxy } from '../../cluster/proxy.ts'

/** A cluster whose clients go through a proxy that does to them what it is told. */
export interface FaultLab {
  readonly server: TestApiServer
  readonly proxy: FaultProxy
  /** Through the proxy; as an administrator unless told otherwise. Closed when the running test ends. */
  open(settings?: KubeObjectsSettings, kubeconfig?: string): Promise<KubeObjects>
  /** Past the proxy. */
  readonly direct: KubeObjects
  stop(): Promise<void>
}

export const never = new AbortController().signal

/** A test has seconds where a node has minutes. */
export const quick: KubeObjectsSettings = {
  watch: { ...defaultWatchTiming, silenceMs: 1_000, firstWaitMs: 50, lastWaitMs: 500 },
  limits: { requestMs: 2_000, answerBytes: 16 * 1024 * 1024 },
}

export async function openFaultLab(): Promise<FaultLab> {
  const server = await startApiServer()
  try {
    const proxy = await startFaultProxy(server)
    const direct = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, never)
    for (const name of ['kube-system', 'default', 'shop']) {
      await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
    }
    return {
      server,
      proxy,
      async open(settings = quick, kubeconfig = server.kubeconfig) {
        const objects = await openKubeObjects({ kubeconfigs: [proxy.through(kubeconfig)] }, never, settings)
        onTestFinished(() => objects.close())
        return objects
      },
      direct,
      async stop() {
        await direct.close()
        await proxy.stop()
        await server.stop()
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
