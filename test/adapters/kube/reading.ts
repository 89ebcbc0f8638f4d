import { once } from 'node:events'
import type { Server } from 'node:net'
import { onTestFinished } from 'vitest'
import { defaultLimits } from '../../../src/adapters/kube/api-exchange.ts'
import { openClusterReader } from '../../../src/adapters/kube/cluster-reader.ts'
import { Failure } from '../../../src/domain/failure.ts'
import type { ClusterReading } from '../../../src/ports/cluster-reader-port.ts'
import { type WrittenKubeconfig, writeKubeconfig } from './stand-in-api.ts'

const signal = new AbortController().signal

export async function readCluster(kubeconfig: WrittenKubeconfig, limits = defaultLimits): Promise<ClusterReading> {
  return await openClusterReader({ kubeconfigs: [await writeKubeconfig(kubeconfig)] }, limits).read(signal)
}

export async function failureOf(reading: Promise<unknown>): Promise<Failure> {
  const failure = await reading.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof Failure)) throw new Error(`no Failure: ${String(failure)}`)
  return failure
}

export async function listen(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return server
}

export async function portOf(server: Server, state: 'open' | 'closed' = 'open'): Promise<number> {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  if (state === 'closed') {
    server.close()
    await once(server, 'close')
  }
  return address.port
}
