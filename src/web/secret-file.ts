import { open } from 'node:fs/promises'
import { Failure } from '../domain/failure.ts'

const maxSecretBytes = 4096

/**
 * A secret from a file, read when it is used, so that a rotated one needs no restart. One trailing line break is not
 * part of it.
 * @throws Failure SECRET_UNREADABLE when the file is missing, empty or larger than 4 KiB
 */
export async function readSecretFile(path: string): Promise<string> {
  const text = await readSmallFile(path)
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw unreadable(path, 'is empty')
  return secret
}

async function readSmallFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const buffer = Buffer.alloc(maxSecretBytes + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    if (bytesRead > maxSecretBytes) throw unreadable(path, `is larger than ${maxSecretBytes} bytes`)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw unreadable(path, 'cannot be read', cause)
  }
}

function unreadable(path: string, what: string, cause?: unknown): Failure {
  return new Failure(
    `the secret file ${path} ${what}`,
    {
      code: 'SECRET_UNREADABLE',
      where: path,
      fix: 'write the secret into it, readable by Fairlead alone',
      retry: 'soon',
    },
    { cause },
  )
}
