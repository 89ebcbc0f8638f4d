import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's root, from `src/cli/` and from a chunk in `dist/` alike. */
const candidates = ['../', '../../'].map((up) => fileURLToPath(new URL(up, import.meta.url)))

/** Everything that `cluster-repo-template/` ships, path → content; all of it is text. */
export function readTemplate(): ReadonlyMap<string, string> {
  const directory = templateDirectory()
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return new Map(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]))
}

/** The command itself, by its full path. */
export function commandFile(): string {
  const files = candidates.map((root) => join(root, 'bin', 'fairlead.cjs'))
  return files.find((file) => existsSync(file)) ?? 'fairlead'
}

/** Of `package.json`, `bin/` and `dist/`. */
export function packageDirectory(): string {
  const found = candidates.find((root) => existsSync(join(root, 'package.json')))
  if (found === undefined) throw new Error('package.json is missing from this installation')
  return found
}

/** What takes everything of ours out of the packet path, also without Node. */
export function panicScript(): string {
  const files = candidates.map((root) => join(root, 'bin', 'fairlead-panic'))
  const found = files.find((file) => existsSync(file))
  if (found === undefined) throw new Error('bin/fairlead-panic is missing from this installation')
  return found
}

function templateDirectory(): string {
  for (const root of candidates) {
    const directory = join(root, 'cluster-repo-template')
    try {
      readdirSync(directory)
      return directory
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    }
  }
  throw new Error('cluster-repo-template/ is missing from this installation')
}
