import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Whoever reads `path` at any moment, a power cut included, finds the old content or the new one. */
export async function replaceDurably(path: string, text: string): Promise<void> {
  const sibling = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeNew(sibling, text)
    await rename(sibling, path)
  } catch (cause) {
    await unlink(sibling).catch(() => {})
    throw cause
  }
  await syncDirectory(dirname(path))
}

/** Makes a file that is not there yet and waits until it is on the disk; its name is so with the directory's. */
export async function writeNew(path: string, text: string): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Gives `from` a second name, which only one can. @returns false when the name is taken */
export async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false
    throw cause
  }
  await syncDirectory(dirname(to))
  return true
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

export function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
