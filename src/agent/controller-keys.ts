import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Failure } from '../domain/failure.ts'
import { keyIdOf } from '../text/program-signature.ts'

const pemBlocks = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g

/**
 * The public keys in the file of `--controller-key-file`, PEM, one block each: while one key takes the place of another, both
 * are in it. Read for each program: whoever replaces the file starts nothing anew.
 *
 * @returns undefined where no file is named
 */
export function controllerKeys(file: string | undefined): (() => Promise<readonly string[]>) | undefined {
  if (file === undefined) return undefined
  const path = resolve(file)
  return async () => {
    const blocks = [...(await textOf(path)).matchAll(pemBlocks)].map(([block]) => `${block}\n`)
    if (blocks.length === 0) throw unreadable(path, 'it holds no PEM')
    for (const [index, block] of blocks.entries()) {
      if (!isPublicKey(block)) throw unreadable(path, `block ${index + 1} is no Ed25519 public key`)
    }
    return blocks
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, (cause as NodeJS.ErrnoException).code ?? 'unknown', cause)
  }
}

function isPublicKey(pem: string): boolean {
  try {
    keyIdOf(pem)
    return true
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

function unreadable(path: string, why: string, cause?: unknown): Failure {
  const fix =
    'put the public key there, PEM, and during a rotation both; kubectl -n fairlead-system get configmap fairlead-public-keys shows it'
  const detail = { code: 'CONTROLLER_KEY_UNREADABLE', where: path, fix, retry: 'soon' } as const
  return new Failure(`the key of the controller cannot be read: ${why}`, detail, { cause })
}
