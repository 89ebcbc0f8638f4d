import { createHash } from 'node:crypto'
import { chmodSync, closeSync, constants, copyFileSync, fsyncSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory, syncDirectory } from './durable.ts'
import { statOf } from './host-path.ts'

/** One file of a release, by its path below the release's directory. */
interface ReleaseFile {
  readonly path: string
  readonly mode: number
}

/** All that an installation consists of. What Node compiles beside the bundle is made anew on every host. */
const parts = ['LICENSE', 'bin', 'cluster-repo-template', 'deploy', 'dist', 'package.json', 'src'] as const
const notCopied: ReadonlySet<string> = new Set(['dist/compiled'])

/** The files of the installation at `source`, sorted. Links have no place in one. */
export function releaseFiles(source: string): readonly ReleaseFile[] {
  return parts.flatMap((part) => filesBelow(source, part)).sort((a, b) => (a.path < b.path ? -1 : 1))
}

function filesBelow(source: string, path: string): ReleaseFile[] {
  const stats = statOf(join(source, path))
  if (stats === undefined || notCopied.has(path)) return []
  if (stats.isDirectory())
    return readdirSync(join(source, path)).flatMap((name) => filesBelow(source, `${path}/${name}`))
  return stats.isFile() ? [{ path, mode: (stats.mode & 0o111) === 0 ? 0o644 : 0o755 }] : []
}

/** SHA-256 over paths, modes and contents, in hex. */
export function digestOf(source: string, files: readonly ReleaseFile[]): string {
  const hash = createHash('sha256')
  for (const { path, mode } of files) {
    const content = createHash('sha256')
      .update(readFileSync(join(source, path)))
      .digest('hex')
    hash.update(`${path}\0${mode.toString(8)}\0${content}\n`)
  }
  return hash.digest('hex')
}

/** Copies the files into a directory that is not there yet, and waits until all of it is on the disk. */
export function copyFiles(source: string, target: string, files: readonly ReleaseFile[]): void {
  const directories = new Set<string>([target])
  makeDirectory(target)
  for (const { path, mode } of files) {
    const names = path.split('/')
    for (let depth = 1; depth < names.length; depth += 1) {
      const directory = join(target, ...names.slice(0, depth))
      if (!directories.has(directory)) makeDirectory(directory)
      directories.add(directory)
    }
    const to = join(target, path)
    copyFileSync(join(source, path), to, constants.COPYFILE_EXCL)
    chmodSync(to, mode)
    syncFile(to)
  }
  for (const directory of directories) syncDirectory(directory)
}

function syncFile(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
