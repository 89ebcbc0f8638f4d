import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { Failure } from '../../domain/failure.ts'
import type { RefusedPlace } from '../../domain/observation.ts'
import { isTemporaryName } from './atomic-write.ts'
import { type Directory, openChild } from './directory.ts'
import { diskFailure } from './disk-failure.ts'

/** K3s walks as deep as there are directories; nobody means to have this many. */
export const maximumDepth = 32

export interface Entry {
  /** Absolute, as K3s sees it. */
  readonly path: string
  readonly stats: BigIntStats
}

export interface Listing {
  readonly entries: Entry[]
  readonly refusals: RefusedPlace[]
  /** Some were left out: there were more than the limit, or they lay too deep. */
  cut: boolean
}

/**
 * Adds everything in a directory to `into`, without our own temporary siblings; what vanishes meanwhile is left out.
 * Files come before the directories below, and paths that were `known` before come first, so that what is cut off at
 * the limit is what somebody poured in, not what we look after. A directory below that cannot be read is refused alone.
 */
export function listDirectory(
  directory: Directory,
  path: string,
  into: Listing,
  options: { readonly recursive: boolean; readonly limit: number; readonly known: ReadonlySet<string> },
  depth = 0,
): void {
  const below: string[] = []
  for (const name of sortedNames(directory, path, options.known)) {
    const stats = lstatOf(directory, name)
    if (stats === undefined) continue
    if (into.entries.length >= options.limit) {
      into.cut = true
      return
    }
    into.entries.push({ path: `${path}/${name}`, stats })
    if (stats.isDirectory()) below.push(name)
  }
  if (!options.recursive) return
  if (below.length > 0 && depth >= maximumDepth) {
    into.cut = true
    return
  }
  for (const name of below) {
    refusedApart(into, `${path}/${name}`, () => {
      const child = openListed(directory, name)
      try {
        if (child !== undefined) listDirectory(child, `${path}/${name}`, into, options, depth + 1)
      } finally {
        child?.close()
      }
    })
  }
}

/** Lists one place; when it refuses, that is noted and the half that was listed is dropped. */
function refusedApart(into: Listing, directory: string, list: () => void): void {
  const before = into.entries.length
  try {
    list()
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure
    into.entries.length = before
    into.refusals.push({ directory, failure })
  }
}

function sortedNames(directory: Directory, path: string, known: ReadonlySet<string>): string[] {
  let names: string[]
  try {
    names = readdirSync(directory.at())
  } catch (cause) {
    throw diskFailure(cause, 'list', directory.path)
  }
  const rank = (name: string): number => (known.has(`${path}/${name}`) ? 0 : 1)
  return names
    .filter((name) => !isTemporaryName(name))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0))
}

function lstatOf(directory: Directory, name: string): BigIntStats | undefined {
  try {
    return lstatSync(directory.at(name), { bigint: true, throwIfNoEntry: false })
  } catch (cause) {
    throw diskFailure(cause, 'look at', `${directory.path}/${name}`)
  }
}

/** What was a directory a moment ago may be gone, or a symlink, by now. */
function openListed(directory: Directory, name: string): Directory | undefined {
  try {
    return openChild(directory, name)
  } catch (cause) {
    if (lstatOf(directory, name)?.isDirectory() !== true) return undefined
    throw cause
  }
}
