import type { BigIntStats } from 'node:fs'
import { dirname } from 'node:path/posix'
import { setImmediate } from 'node:timers/promises'
import { Failure } from '../../domain/failure.ts'
import type { NodeObservation, ObservedFile } from '../../domain/observation.ts'
import { observedDirectories } from '../../k3s/locations.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { isRecursive, observablePath, type PlacedPath, placedPath } from './allowed-path.ts'
import type { Directory } from './directory.ts'
import { type Entry, type Listing, listDirectory } from './directory-listing.ts'
import { openBelow } from './directory-walk.ts'
import { diskFailure } from './disk-failure.ts'
import { type FileContent, maximumTextBytes, proofOfSameness, readContent } from './file-content.ts'
import { observedFile } from './observed-file.ts'
import { type Expected, lookAt } from './still-as-observed.ts'

const maximumEntries = 10_000
/** All texts of one observation together, so that no drop can take the process's memory; small files come first. */
const maximumTextsBytes = 64 * 1024 * 1024
const beyondTexts: Pick<FileContent, 'unreadable'> = { unreadable: 'beyond 64 MiB of text in all files together' }
/** A write so soon before our reading could share its timestamp with one after it; two seconds suit any clock tick. */
const racyMs = 2_000
const attempts = 3
const notFollowed = new Set(['SYMLINK_ON_PATH', 'NOT_A_DIRECTORY'])

interface Remembered {
  readonly proof: string
  readonly readAtMs: number
  readonly content: FileContent
}

/** What the file system said, and when, as an answer of ours was made. */
interface Look {
  readonly stats: BigIntStats
  readonly readAtMs: number
}

/** Reads the observed places, and remembers contents by what proves them unchanged. */
export class FileObserver {
  readonly #root: string
  readonly #log: LogPort
  readonly #looks = new WeakMap<ObservedFile, Look>()
  #remembered = new Map<string, Remembered>()
  #known: ReadonlySet<string> = new Set()
  #wasCut = false

  constructor(root: string, log: LogPort) {
    this.#root = root
    this.#log = log
  }

  /** Of `alsoPaths`, those in no observed place are never there and are left out. */
  async observe(alsoPaths: readonly string[], signal: AbortSignal): Promise<NodeObservation> {
    const listing: Listing = { entries: [], refusals: [], cut: false }
    const known = new Set([...this.#known, ...alsoPaths])
    const missing = new Set<string>()
    for (const base of observedDirectories) {
      signal.throwIfAborted()
      const isThere = await refusedApart(listing, base, async () => await this.#list(base, known, listing))
      if (isThere === false) missing.add(base)
    }
    await this.#listAlso(alsoPaths, missing, listing)
    this.#tellCut(listing)
    const files = await this.#observeListed(listing, signal)
    this.#known = new Set(files.keys())
    for (const path of this.#remembered.keys()) if (!files.has(path)) this.#remembered.delete(path)
    return { files, refusals: listing.refusals }
  }

  async observeFile(placed: PlacedPath): Promise<ObservedFile | undefined> {
    return await this.#read(placed, true)
  }

  /** What has to be in place still where `before` was observed. */
  expected(before: ObservedFile): Expected {
    const look = this.#looks.get(before)
    if (look === undefined) return { file: before, proof: undefined, isRacy: true }
    return { file: before, proof: proofOfSameness(look.stats), isRacy: isRacy(look.stats, look.readAtMs) }
  }

  /** Whether the directory is there. */
  async #list(base: string, known: ReadonlySet<string>, listing: Listing): Promise<boolean> {
    const directory = await openBelow(this.#root, base, [], 'undefined')
    if (directory === undefined) return false
    try {
      listDirectory(directory, base, listing, { recursive: isRecursive(base), limit: maximumEntries, known })
    } finally {
      directory.close()
    }
    // The listing is synchronous, as a hundred small calls are faster so; others get their turn here.
    if (listing.entries.length > 500) await setImmediate()
    return true
  }

  async #listAlso(paths: readonly string[], missing: ReadonlySet<string>, listing: Listing): Promise<void> {
    const listed = new Set(listing.entries.map(({ path }) => path))
    for (const path of new Set(paths)) {
      const placed = placedPath(path)
      if (placed === undefined || listed.has(path) || missing.has(placed.base) || isRefused(listing, path)) continue
      await refusedApart(listing, dirname(path), async () => {
        const directory = await this.#openWhereListed(placed)
        try {
          const stats = directory === undefined ? undefined : lookAt(directory, placed.name)
          if (stats !== undefined) listing.entries.push({ path, stats })
        } catch (cause) {
          throw diskFailure(cause, 'look at', path)
        } finally {
          directory?.close()
        }
      })
    }
  }

  /** What stands behind a symlink or a file is not there, as in a listing. */
  async #openWhereListed(placed: PlacedPath): Promise<Directory | undefined> {
    try {
      return await openBelow(this.#root, placed.base, placed.below, 'undefined')
    } catch (cause) {
      const isBelow = cause instanceof Failure && notFollowed.has(cause.detail.code) && placed.below.length > 0
      if (isBelow) return undefined
      throw cause
    }
  }

  /** Without what is gone by now, and without what stands in a place that refuses. */
  async #observeListed(listing: Listing, signal: AbortSignal): Promise<Map<string, ObservedFile>> {
    const texts = entriesWithText(listing.entries)
    const files = new Map<string, ObservedFile>()
    for (const entry of listing.entries) {
      signal.throwIfAborted()
      if (isRefused(listing, entry.path)) continue
      const withText = texts === undefined || texts.has(entry)
      const look = async () => await this.#observeEntry(entry, withText)
      const file = await refusedApart(listing, dirname(entry.path), look)
      if (file !== undefined) files.set(entry.path, file)
    }
    for (const path of files.keys()) if (isRefused(listing, path)) files.delete(path)
    return files
  }

  #tellCut(listing: Listing): void {
    if (listing.cut && !this.#wasCut) {
      this.#log.warn(
        { code: 'TOO_MANY_ENTRIES', limit: maximumEntries, fix: 'move foreign files out of the manifests directory' },
        'not all files are observed: there are too many, or they lie too deep',
      )
    }
    this.#wasCut = listing.cut
  }

  async #observeEntry(entry: Entry, withText: boolean): Promise<ObservedFile | undefined> {
    const { path, stats } = entry
    if (!stats.isFile()) return this.#observed(path, stats, {}, Date.now())
    const recalled = this.#recall(path, stats)
    if (recalled !== undefined) {
      const content = withText ? recalled.content : withoutText(recalled.content)
      return this.#observed(path, stats, content, recalled.readAtMs)
    }
    return await this.#read(observablePath(path), withText)
  }

  #recall(path: string, stats: BigIntStats): Remembered | undefined {
    const remembered = this.#remembered.get(path)
    if (remembered === undefined || remembered.proof !== proofOfSameness(stats)) return undefined
    if (isRacy(stats, remembered.readAtMs)) return undefined
    // Its text was left out for want of room, and there may be room now.
    return remembered.content.unreadable === beyondTexts.unreadable ? undefined : remembered
  }

  async #read(placed: PlacedPath, withText: boolean): Promise<ObservedFile | undefined> {
    const directory = await openBelow(this.#root, placed.base, placed.below, 'undefined')
    if (directory === undefined) return undefined
    try {
      return await this.#readIn(directory, placed, withText)
    } finally {
      directory.close()
    }
  }

  async #readIn(directory: Directory, placed: PlacedPath, withText: boolean): Promise<ObservedFile | undefined> {
    const { path, name } = placed
    for (let attempt = 1; ; attempt += 1) {
      const readAtMs = Date.now()
      const stats = lookAt(directory, name)
      if (stats === undefined) return undefined
      if (!stats.isFile()) return this.#observed(path, stats, {}, readAtMs)
      const recalled = this.#recall(path, stats)
      if (recalled !== undefined) {
        const content = withText ? recalled.content : withoutText(recalled.content)
        return this.#observed(path, stats, content, recalled.readAtMs)
      }
      const content = await readContent(directory, name, stats)
      if (content !== 'changed') {
        const kept = withText ? content : withoutText(content)
        this.#remembered.set(path, { proof: proofOfSameness(stats), readAtMs, content: kept })
        return this.#observed(path, stats, kept, readAtMs)
      }
      if (attempt >= attempts) {
        return this.#observed(path, stats, { unreadable: 'it is being written right now' }, readAtMs)
      }
    }
  }

  #observed(path: string, stats: BigIntStats, content: FileContent, readAtMs: number): ObservedFile {
    const file = observedFile(path, stats, content)
    this.#looks.set(file, { stats, readAtMs })
    return file
  }
}

/** Does one piece of the looking; when a place refuses, that is noted and the answer is undefined. */
async function refusedApart<T>(listing: Listing, directory: string, look: () => Promise<T>): Promise<T | undefined> {
  const before = listing.entries.length
  try {
    return await look()
  } catch (failure) {
    if (!(failure instanceof Failure) || failure.detail.code === 'ROOT_MISSING') throw failure
    listing.entries.length = before
    listing.refusals.push({ directory, failure })
    return undefined
  }
}

function isRefused(listing: Listing, path: string): boolean {
  return listing.refusals.some(({ directory }) => path.startsWith(`${directory}/`))
}

function isRacy(stats: BigIntStats, readAtMs: number): boolean {
  return Number(stats.ctimeMs) + racyMs > readAtMs
}

/** The files that get their text, when not all can: smallest first. Undefined means all of them. */
function entriesWithText(entries: readonly Entry[]): ReadonlySet<Entry> | undefined {
  const files = entries.filter((entry) => entry.stats.isFile() && entry.stats.size <= maximumTextBytes)
  if (files.reduce((total, entry) => total + Number(entry.stats.size), 0) <= maximumTextsBytes) return undefined
  const chosen = new Set<Entry>()
  let total = 0
  for (const entry of files.toSorted((a, b) => Number(a.stats.size - b.stats.size) || (a.path < b.path ? -1 : 1))) {
    total += Number(entry.stats.size)
    if (total > maximumTextsBytes) break
    chosen.add(entry)
  }
  return chosen
}

function withoutText(content: FileContent): FileContent {
  if (content.text === undefined) return content
  return { ...(content.digest === undefined ? {} : { digest: content.digest }), ...beyondTexts }
}
