import { type BigIntStats, lstatSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { FileType, NodeObservation, ObservedFile } from '../../domain/observation.ts'
import { observedDirectories } from '../../k3s/locations.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { isRecursive, observablePath, type PlacedPath } from './allowed-path.ts'
import type { Directory } from './directory.ts'
import { type Entry, type Listing, listDirectory } from './directory-listing.ts'
import { openBelow } from './directory-walk.ts'
import { type FileContent, maximumTextBytes, proofOfSameness, readContent } from './file-content.ts'

const maximumEntries = 10_000
/** All texts of one observation together, so that no drop can take the process's memory; small files come first. */
const maximumTextsBytes = 64 * 1024 * 1024
const beyondTexts: Pick<FileContent, 'unreadable'> = { unreadable: 'beyond 64 MiB of text in all files together' }
/** A write so soon before our reading could share its timestamp with one after it; two seconds suit any clock tick. */
const racyMs = 2_000
const attempts = 3

interface Remembered {
  readonly proof: string
  readonly readAtMs: number
  readonly content: FileContent
}

/** Reads the observed places, and remembers contents by what proves them unchanged. */
export class FileObserver {
  readonly #root: string
  readonly #log: LogPort
  #remembered = new Map<string, Remembered>()
  #known: ReadonlySet<string> = new Set()
  #wasCut = false

  constructor(root: string, log: LogPort) {
    this.#root = root
    this.#log = log
  }

  async observe(signal: AbortSignal): Promise<NodeObservation> {
    const listing: Listing = { entries: [], cut: false }
    for (const base of observedDirectories) {
      signal.throwIfAborted()
      await this.#list(base, listing)
    }
    this.#tellCut(listing)
    const texts = entriesWithText(listing.entries)
    const files = new Map<string, ObservedFile>()
    for (const entry of listing.entries) {
      signal.throwIfAborted()
      const file = await this.#observeEntry(entry, texts === undefined || texts.has(entry))
      if (file !== undefined) files.set(entry.path, file)
    }
    this.#known = new Set(files.keys())
    for (const path of this.#remembered.keys()) if (!files.has(path)) this.#remembered.delete(path)
    return { files }
  }

  async observeFile(placed: PlacedPath): Promise<ObservedFile | undefined> {
    return await this.#read(placed, true)
  }

  async #list(base: string, listing: Listing): Promise<void> {
    const directory = await openBelow(this.#root, base, [], 'undefined')
    if (directory === undefined) return
    try {
      listDirectory(directory, base, listing, {
        recursive: isRecursive(base),
        limit: maximumEntries,
        known: this.#known,
      })
    } finally {
      directory.close()
    }
    // The listing is synchronous, as a hundred small calls are faster so; others get their turn here.
    if (listing.entries.length > 500) await setImmediate()
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
    if (!stats.isFile()) return observed(path, stats, {})
    const content = this.#recall(path, stats)
    if (content !== undefined) return observed(path, stats, withText ? content : withoutText(content))
    return await this.#read(observablePath(path), withText)
  }

  #recall(path: string, stats: BigIntStats): FileContent | undefined {
    const remembered = this.#remembered.get(path)
    if (remembered === undefined || remembered.proof !== proofOfSameness(stats)) return undefined
    if (Number(stats.ctimeMs) + racyMs > remembered.readAtMs) return undefined
    // Its text was left out for want of room, and there may be room now.
    return remembered.content.unreadable === beyondTexts.unreadable ? undefined : remembered.content
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
    for (let attempt = 1; ; attempt += 1) {
      const stats = lstatSync(directory.at(placed.name), { bigint: true, throwIfNoEntry: false })
      if (stats === undefined) return undefined
      if (!stats.isFile()) return observed(placed.path, stats, {})
      const recalled = this.#recall(placed.path, stats)
      if (recalled !== undefined) return observed(placed.path, stats, withText ? recalled : withoutText(recalled))
      const readAtMs = Date.now()
      const content = await readContent(directory, placed.name, stats)
      if (content !== 'changed') {
        const kept = withText ? content : withoutText(content)
        this.#remembered.set(placed.path, { proof: proofOfSameness(stats), readAtMs, content: kept })
        return observed(placed.path, stats, kept)
      }
      if (attempt >= attempts) return observed(placed.path, stats, { unreadable: 'it is being written right now' })
    }
  }
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

function observed(path: string, stats: BigIntStats, content: FileContent): ObservedFile {
  return {
    path,
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    ownerUid: Number(stats.uid),
    modifiedAtMs: Number(stats.mtimeNs / 1_000_000n),
    sizeBytes: Number(stats.size),
    ...content,
  }
}

function typeOf(stats: BigIntStats): FileType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'symlink' : 'other'
}
