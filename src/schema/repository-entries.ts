import type { Problem } from '../domain/problem.ts'

/** One entry of a tree as the repository's reader gives it; see `ports/repository-port.ts`. */
export interface RepositoryEntry {
  readonly path: string
  readonly type: 'file' | 'symlink' | 'submodule'
  readonly sizeBytes: number
  readonly bytes?: Uint8Array
}

const longestPath = 1024
const longestName = 255

/** `clusters/home` and `network.yaml`; the repository's root is `''`. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** Where `target` leads from `directory`; undefined when it leaves the repository or is no plain relative path. */
export function resolvePath(directory: string, target: string): string | undefined {
  if (target.startsWith('/') || /[\\\p{Cc}]/u.test(target)) return undefined
  const segments = directory === '' ? [] : directory.split('/')
  for (const segment of target.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) return undefined
  }
  return segments.join('/')
}

/** What keeps an entry from being read at all: it is no file, or its path could lead somewhere else. */
export function entryProblem(entry: RepositoryEntry): Problem | undefined {
  const refuse = (code: string, what: string, why: string, fix: string): Problem => {
    // The path goes to terminals and logs: what cannot be printed is shown as an escape.
    const file = entry.path.length > longestPath ? `${entry.path.slice(0, 100)}…` : printable(entry.path)
    return { code, severity: 'error', place: { file, line: 1, column: 1 }, what, why, fix }
  }
  if (entry.path.length > longestPath || entry.path.split('/').some((name) => Buffer.byteLength(name) > longestName)) {
    return refuse(
      'PATH_TOO_LONG',
      `the path has ${entry.path.length} characters`,
      `no machine takes more than ${longestName} bytes for a name, nor a path much longer than ${longestPath}`,
      'shorten the names',
    )
  }
  if (!isPlainPath(entry.path)) {
    return refuse(
      'PATH_UNSAFE',
      `the path ${printable(JSON.stringify(entry.path))} is not a plain one`,
      'a path with "..", empty parts, backslashes or control characters could lead out of its directory',
      'rename the file; a normal Git client cannot have made it',
    )
  }
  if (entry.type === 'symlink') {
    return refuse(
      'SYMLINK_REFUSED',
      'the entry is a symbolic link',
      'a link in a repository can point at any file of the machine that reads it',
      'put the file itself here',
    )
  }
  if (entry.type === 'submodule') {
    return refuse(
      'SUBMODULE_REFUSED',
      'the entry is a submodule',
      'its content lies in another repository, which is not fetched',
      'put the files themselves here',
    )
  }
  return undefined
}

function isPlainPath(path: string): boolean {
  if (/[\\\p{Cc}]/u.test(path) || !path.isWellFormed()) return false
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
