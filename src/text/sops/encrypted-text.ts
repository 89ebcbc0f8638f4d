import { createDecipheriv } from 'node:crypto'
import { printGoFloat } from './go-float.ts'
import type { TypedScalar } from './typed-scalar.ts'

const pattern =
  /^ENC\[AES256_GCM,data:([A-Za-z0-9+/]+={0,2}),iv:([A-Za-z0-9+/]+={0,2}),tag:([A-Za-z0-9+/]+={0,2}),type:([a-z0-9]+)\]$/
const tagBytes = 16

/** Whether a text has the form of an encrypted value; nothing says that it can be decrypted. */
export function isEncryptedText(text: string): boolean {
  return text.startsWith('ENC[AES256_GCM,') && text.endsWith(']')
}

/**
 * One value, bound to the place it was encrypted for.
 * @param key 32 bytes
 * @param boundTo the keys above the value, each with a colon behind it: `data:password:`; for the digest, its time
 * @returns undefined where key, place or content is not what it was encrypted with
 * @see getsops/sops aes/cipher.go
 */
export function decryptText(text: string, key: Uint8Array, boundTo: string): TypedScalar | undefined {
  // Empty texts are not encrypted.
  if (text === '') return { kind: 'scalar', type: 'string', text: '' }
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [data, iv, tag] = [match[1], match[2], match[3]].map((part) => Buffer.from(part ?? '', 'base64'))
  if (data === undefined || iv === undefined || tag === undefined) return undefined
  if (tag.length !== tagBytes || iv.length < 12 || iv.length > 64) return undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(boundTo, 'utf8'))
    decipher.setAuthTag(tag)
    const plain = Buffer.concat([decipher.update(data), decipher.final()])
    return typedScalar(match[4] ?? '', new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain))
  } catch {
    return undefined
  }
}

function typedScalar(type: string, text: string): TypedScalar | undefined {
  switch (type) {
    // `bytes` is what the first SOPS, in Python, wrote for text.
    case 'str':
    case 'bytes':
      return { kind: 'scalar', type: 'string', text }
    case 'int':
    case 'int64':
      return /^[+-]?\d{1,19}$/.test(text) ? { kind: 'scalar', type: 'integer', text: String(BigInt(text)) } : undefined
    case 'float': {
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
      return Number.isFinite(value) ? { kind: 'scalar', type: 'float', text: printGoFloat(value) } : undefined
    }
    case 'bool':
      if (/^(1|t|T|true|TRUE|True)$/.test(text)) return { kind: 'scalar', type: 'boolean', text: 'True' }
      return /^(0|f|F|false|FALSE|False)$/.test(text) ? { kind: 'scalar', type: 'boolean', text: 'False' } : undefined
    case 'time':
      return { kind: 'scalar', type: 'timestamp', text }
    default:
      return undefined
  }
}
