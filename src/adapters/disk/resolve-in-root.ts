import { type BigIntStats, lstatSync, readlinkSync } from 'node:fs'

/** As Linux counts them. @see path_resolution(7) */
const symlinkHops = 40

/** A path with no link left in it. */
export interface ResolvedPath {
  /** As programs on the machine name it: `/srv/manifests`. */
  readonly path: string
  /** As we open it: below the root. */
  readonly hostPath: string
  readonly stats: BigIntStats
}

/**
 * Where a path of the machine leads, every link followed, absolute ones from `root`, and `..` never above it.
 * @param root without a trailing slash; empty for `/`
 * @throws what lstat(2) or readlink(2) said; ELOOP for links that lead in a circle
 */
export function resolveInRoot(root: string, path: string): ResolvedPath {
  const todo = namesIn(path)
  const done: string[] = []
  let hops = 0
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    if (name === '..') {
      done.pop()
      continue
    }
    const hostPath = `${root}/${[...done, name].join('/')}`
    if (!lstatSync(hostPath).isSymbolicLink()) {
      done.push(name)
      continue
    }
    hops += 1
    if (hops > symlinkHops) throw Object.assign(new Error('too many links'), { code: 'ELOOP' })
    const target = readlinkSync(hostPath)
    if (target.startsWith('/')) done.length = 0
    todo.unshift(...namesIn(target))
  }
  const resolved = done.join('/')
  const hostPath = `${root}/${resolved}`
  return { path: `/${resolved}`, hostPath, stats: lstatSync(hostPath, { bigint: true }) }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}
