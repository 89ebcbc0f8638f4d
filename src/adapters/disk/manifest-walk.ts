import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import type { LinkTarget, ManifestTree, TreeEntry } from '../../domain/manifest-tree.ts'
import { errnoOf } from './disk-failure.ts'
import { resolveInRoot } from './resolve-in-root.ts'
import { systemWords } from './system-words.ts'

/** A link to the whole disk is followed like any other; it ends here. */
const maximumEntries = 20_000
/** Between two looks at the signal, and at other work. */
const entriesInOneGo = 500

interface Walk {
  readonly prefix: string
  readonly signal: AbortSignal
  seen: number
}

/** What keeps the whole directory from being looked at, in Go's words. */
class WalkRefused extends Error {}

/**
 * The tree below `base`, which is read as Go's `filepath.Walk` reads it: nothing is followed. Links in it are looked at
 * once, and those that lead to a directory are walked in their turn, without following what is found there.
 *
 * What vanishes meanwhile is left out. A directory that cannot be read refuses all of it, as it does to K3s.
 *
 * @param prefix the machine's root; empty for `/`
 * @see k3s-io/k3s pkg/deploy/controller.go (`listFilesIn`)
 */
export async function walkManifests(prefix: string, base: string, signal: AbortSignal): Promise<ManifestTree> {
  const walk: Walk = { prefix, signal, seen: 0 }
  try {
    const { hostPath } = resolved(prefix, base, 'lstat')
    const found = await entriesBelow(walk, hostPath, base, '')
    const entries: TreeEntry[] = []
    for (const entry of found) {
      entries.push(entry.type === 'link' ? { ...entry, target: await targetOf(walk, `${base}/${entry.path}`) } : entry)
    }
    return { kind: 'read', base, entries }
  } catch (error) {
    if (!(error instanceof WalkRefused)) throw error
    return { kind: 'missing', base, message: error.message }
  }
}

async function targetOf(walk: Walk, path: string): Promise<LinkTarget> {
  let target: ReturnType<typeof resolveInRoot>
  try {
    target = resolveInRoot(walk.prefix, path)
  } catch {
    // Whatever stat(2) says about a link, K3s treats all of it alike.
    return { kind: 'missing' }
  }
  if (!target.stats.isDirectory()) return { kind: 'file' }
  return { kind: 'directory', realPath: target.path, entries: await entriesBelow(walk, target.hostPath, path, '') }
}

async function entriesBelow(walk: Walk, hostPath: string, shown: string, below: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = []
  for (const name of namesIn(hostPath, shown)) {
    const stats = lstatOf(`${hostPath}/${name}`, `${shown}/${name}`)
    if (stats === undefined) continue
    await counted(walk, shown)
    const path = `${below}${name}`
    entries.push({ path, type: typeOf(stats), mtimeNs: stats.mtimeNs })
    if (!stats.isDirectory()) continue
    for (const entry of await entriesBelow(walk, `${hostPath}/${name}`, `${shown}/${name}`, `${path}/`))
      entries.push(entry)
  }
  return entries
}

async function counted(walk: Walk, shown: string): Promise<void> {
  walk.seen += 1
  if (walk.seen > maximumEntries) throw new WalkRefused(`walk ${shown}: more than ${maximumEntries} files`)
  if (walk.seen % entriesInOneGo !== 0) return
  await new Promise((resume) => setImmediate(resume))
  walk.signal.throwIfAborted()
}

function resolved(prefix: string, base: string, operation: string): ReturnType<typeof resolveInRoot> {
  try {
    return resolveInRoot(prefix, base)
  } catch (error) {
    throw new WalkRefused(`${operation} ${base}: ${systemWords(error)}`)
  }
}

function namesIn(hostPath: string, shown: string): readonly string[] {
  try {
    return readdirSync(hostPath)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw new WalkRefused(`open ${shown}: ${systemWords(error)}`)
  }
}

function lstatOf(hostPath: string, shown: string): BigIntStats | undefined {
  try {
    return lstatSync(hostPath, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    throw new WalkRefused(`lstat ${shown}: ${systemWords(error)}`)
  }
}

/** Pipes and devices are files to the walk; reading them is what fails. */
function typeOf(stats: BigIntStats): TreeEntry['type'] {
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'link' : 'file'
}
