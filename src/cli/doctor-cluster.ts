import type { Facts } from '../domain/facts.ts'
import { Failure } from '../domain/failure.ts'
import type { ClusterReaderPort } from '../ports/cluster-reader-port.ts'

/** Somebody waits for the answer, and the API server may be what is ill. */
const timeoutMs = 15_000

export interface AskedCluster {
  readonly facts?: Facts
  /** Why there are no facts, or which parts are missing; for people. */
  readonly notes: readonly string[]
}

/** The living cluster, where it answers. A doctor who cannot reach it goes on with what the machine shows. */
export async function askCluster(
  openReader: () => Promise<ClusterReaderPort>,
  interrupted: AbortSignal,
): Promise<AskedCluster> {
  try {
    const reader = await openReader()
    const { facts, unread } = await reader.read(AbortSignal.any([interrupted, AbortSignal.timeout(timeoutMs)]))
    return { facts, notes: unread.map(({ path, code }) => `${path} of the API was not read (${code})`) }
  } catch (error) {
    interrupted.throwIfAborted()
    if (error instanceof Failure) return { notes: [`the cluster was not asked: ${error.message}`] }
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      return { notes: [`the cluster was not asked: it did not answer within ${timeoutMs / 1000} seconds`] }
    }
    throw error
  }
}
