import type { RepositoryFile } from '../../ports/repository-port.ts'
import { gitFailure } from './git-failures.ts'
import { checkTreeSize, createTreeCollector, maxFileBytes } from './tree-limits.ts'

/** Runs git in the repository and returns what it writes; throws when it fails. */
export type TreeGit = (
  args: readonly string[],
  options: { readonly input?: string; readonly maxOutputBytes: number },
) => Promise<Buffer>

interface ListedEntry {
  readonly path: string
  readonly type: RepositoryFile['type']
  readonly oid: string
  readonly sizeBytes: number
}

const listBytes = 32 * 1024 * 1024
const contentBytes = 96 * 1024 * 1024

/** All files below `directory` of a commit, by `ls-tree` and one `cat-file --batch`. */
export async function readTreeByCommand(
  git: TreeGit,
  commit: string,
  directory: string,
): Promise<readonly RepositoryFile[]> {
  const below = directory === '' ? [] : [`${directory}/`]
  const listing = await git(['ls-tree', '-r', '-z', '-l', '--full-tree', commit, '--', ...below], {
    maxOutputBytes: listBytes,
  })
  const entries = parseListing(listing)
  checkTreeSize(
    directory,
    entries.map(({ type, sizeBytes }) => (type === 'file' ? sizeBytes : 0)),
  )
  const contents = await readContents(git, entries.filter(isRead))
  const collector = createTreeCollector(directory)
  for (const entry of entries) {
    const { path, type, sizeBytes } = entry
    if (!isRead(entry)) {
      collector.add({ path, type, sizeBytes })
      continue
    }
    const bytes = contents.get(entry.oid)
    if (bytes === undefined) throw gitFailure('GIT_STORE_DAMAGED', path)
    collector.add({ path, type, sizeBytes, bytes })
  }
  return collector.sorted()
}

function isRead({ type, sizeBytes }: ListedEntry): boolean {
  return type === 'file' && sizeBytes <= maxFileBytes
}

/** `<mode> <type> <oid> <size or ->\t<path>\0` */
function parseListing(listing: Buffer): readonly ListedEntry[] {
  const records = listing.toString('utf8').split('\0')
  return records.flatMap((record) => {
    const match = /^(\d{6}) \w+ ([0-9a-f]{40}) +(\d+|-)\t(.+)$/s.exec(record)
    if (match === null) return []
    const [, mode = '', oid = '', size = '', path = ''] = match
    const type = mode === '120000' ? 'symlink' : mode === '160000' ? 'submodule' : 'file'
    return [{ path, type, oid, sizeBytes: size === '-' ? 0 : Number(size) } as const]
  })
}

async function readContents(git: TreeGit, entries: readonly ListedEntry[]): Promise<ReadonlyMap<string, Buffer>> {
  const oids = [...new Set(entries.map(({ oid }) => oid))]
  if (oids.length === 0) return new Map()
  const input = oids.map((oid) => `${oid}\n`).join('')
  return parseBatch(await git(['cat-file', '--batch', '--buffer'], { input, maxOutputBytes: contentBytes }))
}

/** `<oid> blob <size>\n<content>\n`, one after the other; an object that is not there is left out. */
function parseBatch(output: Buffer): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>()
  let at = 0
  while (at < output.length) {
    const newline = output.indexOf(0x0a, at)
    const match = /^([0-9a-f]{40}) blob (\d+)$/.exec(output.toString('latin1', at, newline))
    at = newline + 1
    if (newline < 0) break
    if (match === null) continue
    const [, oid = '', size = ''] = match
    contents.set(oid, output.subarray(at, at + Number(size)))
    at += Number(size) + 1
  }
  return contents
}
