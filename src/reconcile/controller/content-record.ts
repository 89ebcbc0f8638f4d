import type { KubernetesObject } from '../../domain/facts.ts'
import { clusterLabel, contentName, fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { KubeQuery, LiveObject } from '../../ports/kube-objects-port.ts'
import { sha256Hex } from '../../text/digest.ts'

/** What is kept of a ProgramContent object. */
export interface ContentRecord {
  readonly name: string
  readonly uid: string
  /** Its data is what its name says. */
  readonly isWhole: boolean
  readonly isOurs: boolean
}

export const contentQuery: KubeQuery = { ...fairleadKinds.programContent, namespace: fairleadNamespace }

export function contentRecord({ metadata, data }: LiveObject): ContentRecord {
  const { name, uid, labels } = metadata
  const isWhole = typeof data === 'string' && contentName(sha256Hex(data)) === name
  return { name, uid, isWhole, isOurs: labels?.[clusterLabel] !== undefined }
}

export function contentObject(digest: string, data: string, cluster: string): KubernetesObject {
  const metadata = { name: contentName(digest), namespace: fairleadNamespace, labels: { [clusterLabel]: cluster } }
  return { ...fairleadKinds.programContent, metadata, data }
}
