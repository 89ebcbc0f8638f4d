import { createHash } from 'node:crypto'
import { promises as files, type ObjectEncodingOptions } from 'node:fs'
import { join } from 'node:path'
import type { PromiseFsClient } from 'isomorphic-git'
import { gitFailure } from './git-failures.ts'

/**
 * The file system as isomorphic-git sees it. Files appear whole or not at all, so that a killed worker leaves nothing
 * torn behind; a pack appears only when it matches its own checksum.
 */
export const storeFiles: PromiseFsClient = {
  promises: {
    readFile: files.readFile,
    unlink: files.unlink,
    readdir: files.readdir,
    mkdir: files.mkdir,
    rmdir: files.rmdir,
    stat: files.stat,
    lstat: files.lstat,
    readlink: files.readlink,
    symlink: files.symlink,
    chmod: files.chmod,
    writeFile: writeWhole,
  },
}

/**
 * The same for reading many objects of a store that nobody writes to meanwhile. The library looks for each object as a
 * file of its own first, and lists the packs anew for each; both are answered from one look at the start.
 */
export async function snapshotOfStore(gitdir: string): Promise<PromiseFsClient> {
  const [fanOut, packs] = await Promise.all([
    files.readdir(join(gitdir, 'objects')).then((names) => new Set(names)),
    files.readdir(join(gitdir, 'objects', 'pack')),
  ])
  const missing = Object.assign(new Error('no such object'), { code: 'ENOENT' })
  const readFile = async (
    path: string,
    options?: ObjectEncodingOptions | BufferEncoding | null,
  ): Promise<Buffer | string> => {
    const [, directory] = /\/objects\/([0-9a-f]{2})\/[0-9a-f]{38}$/.exec(path) ?? []
    if (directory !== undefined && !fanOut.has(directory)) throw missing
    return files.readFile(path, options ?? null)
  }
  const readdir = (path: string): Promise<string[]> =>
    path === `${gitdir}/objects/pack` ? Promise.resolve(packs) : files.readdir(path)
  return { promises: { ...storeFiles.promises, readFile, readdir } }
}

async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  if (path.endsWith('.pack') && typeof content !== 'string') checkPack(content)
  const sibling = `${path}.new`
  await files.writeFile(sibling, content, { mode: 0o600 })
  await files.rename(sibling, path)
}

/** @see gitformat-pack(5): the last 20 bytes are the SHA-1 of all before. */
function checkPack(pack: Uint8Array): void {
  const computed = createHash('sha1').update(pack.subarray(0, -20)).digest()
  if (pack.length < 32 || !computed.equals(pack.subarray(-20))) throw gitFailure('GIT_PACK_DAMAGED', 'pack')
}
