import { type FSWatcher, watch } from 'chokidar'
import type { LogPort } from '../../ports/log-port.ts'
import type { LinkedDirectoriesPort } from '../../ports/manifest-files-port.ts'
import { errnoOf } from './disk-failure.ts'

/** One write is several events of the kernel. */
const gatherMs = 5

/** Watches directories of the machine whose root is `root`. What cannot be watched is left to the pass every 15 seconds. */
export function openLinkedDirectories(options: {
  readonly root: string
  readonly log: LogPort
}): LinkedDirectoriesPort {
  const prefix = options.root === '/' ? '' : options.root.replace(/\/+$/, '')
  let watcher: FSWatcher | undefined
  let followed: ReadonlySet<string> = new Set()
  let timer: NodeJS.Timeout | undefined

  const open = (changed: () => void): FSWatcher => {
    const opened = watch([], { ignoreInitial: true, followSymlinks: false, atomic: false, awaitWriteFinish: false })
    opened.on('all', () => {
      timer ??= setTimeout(() => {
        timer = undefined
        changed()
      }, gatherMs)
    })
    opened.on('error', (error) => {
      options.log.debug({ code: errnoOf(error) ?? 'UNKNOWN' }, 'directories behind links are not watched')
    })
    return opened
  }
  return {
    follow(directories, changed) {
      const wanted = new Set(directories.map((directory) => `${prefix}${directory}`))
      const added = [...wanted].filter((directory) => !followed.has(directory))
      const gone = [...followed].filter((directory) => !wanted.has(directory))
      if (added.length + gone.length === 0) return
      watcher ??= open(changed)
      watcher.unwatch(gone)
      watcher.add(added)
      followed = wanted
    },
    async close() {
      clearTimeout(timer)
      timer = undefined
      followed = new Set()
      const closing = watcher
      watcher = undefined
      await closing?.close()
    },
  }
}
