import type { UnreadPart } from '../../ports/cluster-reader-port.ts'
import { hasCode } from './kube-failures.ts'

export type Refused = (part: UnreadPart) => void

/**
 * Reads a part that may be out of reach: one that these credentials may not see, or that a broken extension server
 * should serve. Every other failure would be one of the whole reading, and stays one.
 */
export async function unlessRefused<T>(
  path: string,
  refused: Refused,
  read: (path: string) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read(path)
  } catch (error) {
    if (!hasCode(error, 'KUBE_FORBIDDEN', 'KUBE_SERVER_ERROR')) throw error
    refused({ path, code: error.detail.code })
    return undefined
  }
}
