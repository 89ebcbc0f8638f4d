import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { openHostReader } from '../adapters/host/host-reader.ts'
import type { CleanupKind } from '../domain/cleanup.ts'
import type { ClusterNodes } from '../domain/facts.ts'
import { Failure } from '../domain/failure.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import { evidenceOf, type GatheredEvidence } from '../reconcile/network/gathered-evidence.ts'

const connectMs = 2_000
/** Nobody waits for it, and the API server may be what is ill. */
const clusterMs = 15_000

export interface EvidenceSources {
  /** Root of the machine. */
  readonly root: string
  /** What the machine is called in its cluster; found out unless told. */
  readonly node?: string
  /** None: the machine alone tells. */
  readonly kubeconfigs: readonly string[]
  /** Why the cluster was not asked, for people. */
  readonly onNote: (note: string) => void
}

/** What this machine and, where a kubeconfig is at hand, its cluster say about what runs here. Nothing is changed. */
export async function gatherEvidence(
  { root, node, kubeconfigs, onNote }: EvidenceSources,
  wanted: ReadonlySet<CleanupKind>,
  signal: AbortSignal,
): Promise<GatheredEvidence> {
  const reading = await openHostReader({ root, findPlaces: machinePlaces }).read(signal)
  const cluster = await clusterNodes(kubeconfigs, onNote, signal)
  const gathered = evidenceOf({
    reading,
    ...(cluster === undefined ? {} : { cluster }),
    ...(node === undefined ? {} : { name: node }),
    changedAtMs: (path) => changedAtMs(root, path),
  })
  if (!wanted.has('kube-proxy')) return gathered
  const servicesAnswer = await answers(gathered.apiService, 443)
  return { ...gathered, evidence: { ...gathered.evidence, servicesAnswer } }
}

async function clusterNodes(
  kubeconfigs: readonly string[],
  onNote: (note: string) => void,
  signal: AbortSignal,
): Promise<ClusterNodes | undefined> {
  if (kubeconfigs.length === 0) return undefined
  const { readNodeList } = await import('../adapters/kube/node-list.ts')
  try {
    return await readNodeList({ kubeconfigs }, AbortSignal.any([signal, AbortSignal.timeout(clusterMs)]))
  } catch (error) {
    signal.throwIfAborted()
    const isLate = error instanceof DOMException && error.name === 'TimeoutError'
    if (!isLate && !(error instanceof Failure)) throw error
    onNote(
      isLate
        ? `the cluster was not asked: it did not answer within ${clusterMs / 1000} seconds`
        : `the cluster was not asked: ${error.message}`,
    )
    return undefined
  }
}

/** Of a file that was moved here the time of its content tells nothing. */
function changedAtMs(root: string, path: string): number | undefined {
  return statSync(root === '/' ? path : `${root}${path}`, { throwIfNoEntry: false })?.ctimeMs
}

/** Whether anybody takes a connection there; through the rules of kube-proxy, or of what replaces it. */
function answers(host: string | undefined, port: number): Promise<boolean> {
  if (host === undefined) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}
