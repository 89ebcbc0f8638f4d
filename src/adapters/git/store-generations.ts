import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Local copies of one repository, numbered. A new one grows beside the old one and counts only after its rename, so that
 * there is a readable copy at every moment and nothing is lost when making a new one fails.
 */
export interface StoreGenerations {
  /** Directory of the newest complete copy. */
  current(): Promise<string | undefined>
  /** Fills a new directory with `fill`, makes it the current one and removes the old one. */
  renew(fill: (directory: string) => Promise<void>): Promise<string>
}

/** There, and nobody else's to read: a repository may hold what only its team should see. */
export async function ensureStoreDirectory(storeDirectory: string): Promise<void> {
  await mkdir(storeDirectory, { recursive: true, mode: 0o700 })
  await chmod(storeDirectory, 0o700)
}

const mostPacks = 100

/** @param identity URL and reference: another one never meets the objects and heads of this one */
export function openGenerations(storeDirectory: string, identity: string): StoreGenerations {
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 12)

  async function numbers(): Promise<readonly number[]> {
    await ensureStoreDirectory(storeDirectory)
    const pattern = new RegExp(`^${key}-(\\d{1,9})$`)
    const found = (await readdir(storeDirectory)).map((name) => Number(pattern.exec(name)?.[1] ?? 0))
    return found.filter((number) => number > 0).sort((a, b) => b - a)
  }

  return {
    async current() {
      const [newest] = await numbers()
      return newest === undefined ? undefined : join(storeDirectory, `${key}-${newest}`)
    },
    async renew(fill) {
      const [newest = 0] = await numbers()
      const directory = join(storeDirectory, `${key}-${newest + 1}`)
      const growing = `${directory}.new`
      await rm(growing, { recursive: true, force: true })
      await mkdir(growing, { mode: 0o700 })
      try {
        await fill(growing)
      } catch (cause) {
        await rm(growing, { recursive: true, force: true })
        throw cause
      }
      await rename(growing, directory)
      await removeOthers(storeDirectory, `${key}-${newest + 1}`)
      return directory
    },
  }
}

/** Every fetch leaves a pack, nothing merges them, and reading slows down with their number: then a new copy is made. */
export async function hasManyPacks(directory: string): Promise<boolean> {
  const names = await readdir(join(directory, 'objects', 'pack')).catch(() => [])
  return names.filter((name) => name.endsWith('.pack')).length >= mostPacks
}

/** Also those of a URL that was followed formerly; nothing that is not named like a copy of ours. */
async function removeOthers(storeDirectory: string, keep: string): Promise<void> {
  for (const name of await readdir(storeDirectory)) {
    const isCopy = /^[0-9a-f]{12}-\d{1,9}(?:\.new)?$/.test(name)
    if (isCopy && name !== keep) await rm(join(storeDirectory, name), { recursive: true, force: true })
  }
}
