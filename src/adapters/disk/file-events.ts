import { basename, dirname, join, resolve } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { observedDirectories } from '../../k3s/locations.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { FileEventsPort } from '../../ports/node-files-port.ts'
import { isRecursive } from './allowed-path.ts'
import { isTemporaryName } from './atomic-write.ts'
import { errnoOf } from './disk-failure.ts'
import { requestFileNames } from './request-files.ts'

/** One write is several kernel events; this long they are gathered from the first one on, never longer. */
const gatherMs = 2
/** With a directory that takes longer to scan than this we start all the same; the interval pass sees everything. */
const readyMs = 5_000

export interface FileEventsOptions {
  readonly root: string
  /** A path on this disk; of what is in it, only what other verbs write for the running process is told about. */
  readonly stateDirectory: string
  readonly log: LogPort
}

/**
 * Hints from inotify (or its like) about the observed directories, whether they exist yet or not. A file of the machine
 * is named as K3s sees it, a request in the state directory by its own path. Our temporary siblings are not mentioned.
 */
export function openFileEvents(options: FileEventsOptions): FileEventsPort {
  const scope = watchScope(options)
  let watcher: FSWatcher | undefined
  let gathered = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  const gather = (path: string, onHint: (path: string) => void): void => {
    const hint = scope.hintFor(path)
    if (hint === undefined) return
    gathered.add(hint)
    timer ??= setTimeout(() => {
      const hints = gathered
      gathered = new Set()
      timer = undefined
      for (const each of hints) onHint(each)
    }, gatherMs)
  }

  return {
    start: async (onHint) => {
      const started = watch([...scope.directories], {
        ignoreInitial: true,
        followSymlinks: false,
        // Both wait a tenth of a second and more, and what comes in pieces is looked at again anyway.
        atomic: false,
        awaitWriteFinish: false,
        ignored: (path) => !scope.concerns(path),
      })
      watcher = started
      started.on('all', (_event, path) => gather(resolve(path), onHint))
      // The events above leave out changes of mode and owner; these are what the kernel said, as it said it.
      started.on('raw', (_event, name, details) => gather(pathOfRaw(name, details), onHint))
      started.on('error', warnOnce(options.log))
      await ready(started)
    },
    stop: async () => {
      clearTimeout(timer)
      timer = undefined
      gathered = new Set()
      const stopped = watcher
      watcher = undefined
      await stopped?.close()
    },
  }
}

interface WatchScope {
  readonly directories: readonly string[]
  /** Whether the watcher has to look at a path at all: it would scan the neighbours of a missing directory too. */
  concerns(path: string): boolean
  hintFor(path: string): string | undefined
}

function watchScope({ root, stateDirectory }: FileEventsOptions): WatchScope {
  const prefix = resolve(root) === '/' ? '' : resolve(root)
  const bases = observedDirectories.map((base) => ({ path: `${prefix}${base}`, recursive: isRecursive(base) }))
  const requests = new Set(requestFileNames.map((name) => resolve(stateDirectory, name)))
  const directories = [...new Set([...bases.map(({ path }) => path), resolve(stateDirectory)])]
  const isObserved = (path: string): boolean =>
    bases.some((base) =>
      base.recursive
        ? path === base.path || path.startsWith(`${base.path}/`)
        : base.path === path || dirname(path) === base.path,
    )
  return {
    directories,
    concerns: (path) => {
      const at = resolve(path)
      if (isTemporaryName(basename(at))) return false
      return isObserved(at) || requests.has(at) || directories.some((each) => each === at || isAbove(at, each))
    },
    hintFor: (path) => {
      if (isTemporaryName(basename(path))) return undefined
      if (requests.has(path)) return path
      return isObserved(path) ? path.slice(prefix.length) : undefined
    },
  }
}

function isAbove(path: string, other: string): boolean {
  return path === '/' || other.startsWith(`${path}/`)
}

function pathOfRaw(name: string | null, details: unknown): string {
  const watched =
    typeof details === 'object' && details !== null && 'watchedPath' in details ? String(details.watchedPath) : ''
  // An event about the watched directory itself carries the directory's own name.
  return name === null || name === '' || name === basename(watched) ? watched : join(watched, name)
}

function ready(watcher: FSWatcher): Promise<void> {
  return new Promise((settle) => {
    const limit = setTimeout(settle, readyMs)
    watcher.once('ready', () => {
      clearTimeout(limit)
      settle()
    })
  })
}

/** A node has a limited number of inotify watches, and others use them too. */
function warnOnce(log: LogPort): (error: unknown) => void {
  const told = new Set<string>()
  return (error) => {
    const code = errnoOf(error) ?? 'UNKNOWN'
    if (told.has(code)) return
    told.add(code)
    const fix =
      code === 'ENOSPC'
        ? 'raise fs.inotify.max_user_watches'
        : code === 'EMFILE'
          ? 'raise fs.inotify.max_user_instances'
          : 'nothing is lost: the interval pass sees every change'
    log.warn({ code, fix }, 'files are not watched completely; changes are found by the interval pass')
  }
}
