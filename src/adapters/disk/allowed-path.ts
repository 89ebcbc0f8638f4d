import { Failure } from '../../domain/failure.ts'
import { k3sPaths, locationOf, observedDirectories } from '../../k3s/locations.ts'

/** A path, split where the rules change: `base` is an observed directory, below which no symlink is followed. */
export interface PlacedPath {
  readonly path: string
  readonly base: string
  /** Directories between `base` and the file. */
  readonly below: readonly string[]
  readonly name: string
}

/** The path of something that may be read or taken away as a drop: anything in an observed directory. */
export function observablePath(path: string): PlacedPath {
  const placed = placedPath(path)
  if (placed === undefined) throw refused(path)
  return placed
}

/** The same; undefined for what lies in none of them. */
export function placedPath(path: string): PlacedPath | undefined {
  const base = observedDirectories.find((directory) => path.startsWith(`${directory}/`))
  if (base === undefined || path.includes('\0')) return undefined
  const names = path.slice(base.length + 1).split('/')
  const name = names.pop() ?? ''
  if ([...names, name].some((part) => part === '' || part === '.' || part === '..')) return undefined
  return names.length > 0 && !isRecursive(base) ? undefined : { path, base, below: names, name }
}

/** The path of something that a program may write: on the allow-list, to the letter. */
export function writablePath(path: string): PlacedPath {
  if (locationOf(path) === undefined) throw refused(path)
  return observablePath(path)
}

export function isRecursive(base: string): boolean {
  return base === k3sPaths.manifests
}

function refused(path: string): Failure {
  return new Failure(`${JSON.stringify(path)} is not a place that Fairlead writes to or reads`, {
    code: 'PATH_REFUSED',
    where: path,
    fix: `use a path below ${k3sPaths.manifests}, or a key of network.yaml for the files of K3s itself`,
    retry: 'never',
  })
}
