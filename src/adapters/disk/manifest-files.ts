import { closeSync, constants, fstatSync, openSync, readSync, rmdirSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../domain/failure.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { ManifestFilesPort } from '../../ports/manifest-files-port.ts'
import { errnoOf } from './disk-failure.ts'
import { walkManifests } from './manifest-walk.ts'
import { resolveInRoot } from './resolve-in-root.ts'
import { systemWords } from './system-words.ts'

/** No request to the API server may hold more than 3 MiB, and the limit is there for memory, not for manifests. */
const maximumBytes = 32 * 1024 * 1024

/**
 * The manifests directory of the machine whose root is `root`. Links are followed as K3s follows them, absolute ones from
 * that root. Errors have the words of Go's `os` package, which K3s puts into its Events.
 */
export function openManifestFiles({ root }: { readonly root: string }): ManifestFilesPort {
  const prefix = root === '/' ? '' : root.replace(/\/+$/, '')
  return {
    tree: async (signal) => walkManifests(prefix, k3sPaths.manifests, signal),
    read: async (path) => readThrough(prefix, path),
    remove: async (path) => removeEntry(prefix, path),
  }
}

function readThrough(prefix: string, path: string): Uint8Array {
  const { hostPath, stats } = refusedAs('open', path, () => resolveInRoot(prefix, path))
  if (stats.isDirectory()) throw refused(`read ${path}: is a directory`, path)
  // What is never read to its end would hold up everything else.
  if (!stats.isFile()) throw refused(`read ${path}: not a regular file`, path)
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW
  const fd = refusedAs('open', path, () => openSync(hostPath, flags))
  try {
    if (fstatSync(fd).size > maximumBytes) throw refused(`read ${path}: file too large`, path)
    return refusedAs('read', path, () => readAll(fd, path))
  } finally {
    closeSync(fd)
  }
}

function readAll(fd: number, path: string): Uint8Array {
  const parts: Buffer[] = []
  let total = 0
  for (;;) {
    const part = Buffer.allocUnsafe(64 * 1024)
    const bytes = readSync(fd, part, 0, part.length, null)
    if (bytes === 0) return Buffer.concat(parts)
    total += bytes
    // It grows while it is read.
    if (total > maximumBytes) throw refused(`read ${path}: file too large`, path)
    parts.push(part.subarray(0, bytes))
  }
}

/** Directories on the way may be links; what is removed is the name itself. */
function removeEntry(prefix: string, path: string): void {
  const parent = dirname(path)
  refusedAs('remove', path, () => {
    const hostPath = `${resolveInRoot(prefix, parent).hostPath}/${path.slice(parent.length + 1)}`
    try {
      unlinkSync(hostPath)
    } catch (error) {
      if (!['EISDIR', 'EPERM'].includes(errnoOf(error) ?? '')) throw error
      rmdirSync(hostPath)
    }
  })
}

function refusedAs<T>(operation: 'open' | 'read' | 'remove', path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure) throw error
    throw refused(`${operation} ${path}: ${systemWords(error)}`, path)
  }
}

function refused(message: string, where: string): Failure {
  return new Failure(message, {
    code: 'MANIFEST_REFUSED',
    where,
    fix: 'look at what is there (ls -l), and mend it or move it away',
    retry: 'soon',
  })
}
