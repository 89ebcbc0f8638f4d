import { constants, fstatSync, lstatSync, mkdirSync, renameSync, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../../domain/failure.ts'
import { directoryMode } from '../../domain/observation.ts'
import { writeAtomically } from './atomic-write.ts'
import { type Directory, openChild, openDirectory, openOrMakeChild } from './directory.ts'
import { diskFailure, errnoOf } from './disk-failure.ts'
import { removeLeftoversIn } from './remove-leftovers.ts'

const livingWriteMs = 60_000

/**
 * Plain files in the state directory, or in one directory below it. The state directory is made with the first write,
 * so that a verb that only looks leaves no trace.
 */
export class StateDirectory {
  readonly path: string
  readonly #below: string | undefined

  constructor(path: string, below?: string) {
    this.path = below === undefined ? path : `${path}/${below}`
    this.#below = below
  }

  child(name: string): StateDirectory {
    return new StateDirectory(this.path, name)
  }

  async read(name: string): Promise<Buffer | undefined> {
    try {
      const file = await open(`${this.path}/${name}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      try {
        return await file.readFile()
      } finally {
        await file.close()
      }
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return undefined
      throw diskFailure(cause, 'read', `${this.path}/${name}`)
    }
  }

  async write(name: string, content: string): Promise<void> {
    await this.within('make', async (directory) => await writeAtomically(directory, name, content))
  }

  async remove(name: string): Promise<void> {
    await this.within('undefined', async (directory) => {
      try {
        unlinkSync(directory.at(name))
        await directory.sync()
      } catch (cause) {
        if (errnoOf(cause) !== 'ENOENT') throw cause
      }
    })
  }

  /** Renames `<name>` to the first free `<name>.damaged-<n>`, so that nothing is lost; returns its path. */
  async moveAside(name: string): Promise<string> {
    let aside = ''
    await this.within('undefined', async (directory) => {
      for (let number = 1; ; number += 1) {
        aside = `${name}.damaged-${number}`
        if (lstatSync(directory.at(aside), { throwIfNoEntry: false }) === undefined) break
      }
      renameSync(directory.at(name), directory.at(aside))
      await directory.sync()
    })
    return `${this.path}/${aside}`
  }

  /** Other verbs write requests here at any time, so only siblings that no living write can still need. */
  async removeLeftovers(): Promise<void> {
    await this.within('undefined', async (directory) => {
      removeLeftoversIn(directory, { recursive: true, olderThanMs: livingWriteMs })
    })
  }

  /** Opens the directory for one piece of work; with `undefined`, a missing directory means there is none to do. */
  async within<T>(missing: 'make' | 'undefined', work: (directory: Directory) => Promise<T>): Promise<T | undefined> {
    const directory = await this.#open(missing)
    if (directory === undefined) return undefined
    try {
      return await work(directory)
    } catch (cause) {
      throw diskFailure(cause, 'change', this.path)
    } finally {
      directory.close()
    }
  }

  async #open(missing: 'make' | 'undefined'): Promise<Directory | undefined> {
    const parentPath = this.#below === undefined ? this.path : dirname(this.path)
    const parent = openDirectory(parentPath) ?? (missing === 'make' ? makeStateDirectory(parentPath) : undefined)
    if (parent === undefined) return undefined
    try {
      secure(parent)
      if (this.#below === undefined) return parent
      return missing === 'make' ? await openOrMakeChild(parent, this.#below) : openChild(parent, this.#below)
    } catch (cause) {
      parent.close()
      throw cause
    } finally {
      if (this.#below !== undefined) parent.close()
    }
  }
}

function makeStateDirectory(path: string): Directory | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: directoryMode })
  } catch (cause) {
    throw diskFailure(cause, 'create', path)
  }
  return openDirectory(path)
}

/** What stands here decides what a root process does: nobody else may write it. */
function secure(directory: Directory): void {
  const stats = fstatSync(directory.fd)
  const self = process.geteuid?.()
  if (self === undefined) return
  const foreign = stats.uid !== self && stats.uid !== 0
  if (!foreign && (stats.mode & 0o022) === 0) return
  const why = foreign ? `belongs to uid ${stats.uid}` : 'may be written to by others'
  throw new Failure(`the state directory ${directory.path} ${why}`, {
    code: 'STATE_DIRECTORY_UNSAFE',
    where: directory.path,
    fix: `look at what others put there, then: chown ${self} ${directory.path} && chmod 0700 ${directory.path}`,
    retry: 'never',
  })
}
