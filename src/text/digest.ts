import { createHash } from 'node:crypto'

/** SHA-256 in lowercase hex, the form that K3s writes into an Addon's `spec.checksum`. */
export function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
