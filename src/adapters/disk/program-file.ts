import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { watch } from 'chokidar'
import { Failure } from '../../domain/failure.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { ProgramFilePort } from '../../ports/program-file-port.ts'
import { diskFailure, errnoOf } from './disk-failure.ts'

/** A program of 10,000 rules takes 4 MB; what is ten times as long is none. */
const largestBytes = 64 * 1024 * 1024

/** @param path absolute */
export function openProgramFile(path: string, log: LogPort): ProgramFilePort {
  return {
    description: path,
    read: () => readProgram(path),
    watch: (onHint) => watchProgram(path, onHint, log),
  }
}

/** Not through a link, and not when others may write it: what it says is done as root. */
async function readProgram(path: string): Promise<{ text: string; modifiedAtMs: number } | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await file.stat()
      if (!stat.isFile() || stat.size > largestBytes) throw refused(path, 'is no file of a sensible size')
      if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) throw refused(path, `belongs to uid ${stat.uid}`)
      if ((stat.mode & 0o022) !== 0) throw refused(path, 'may be written by others than its owner')
      return { text: await file.readFile('utf8'), modifiedAtMs: stat.mtimeMs }
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw diskFailure(cause, 'read', path)
  }
}

function refused(path: string, what: string): Failure {
  return new Failure(`${path} ${what}`, {
    code: 'PROGRAM_FILE_REFUSED',
    where: path,
    fix: `chown root ${path} && chmod 600 ${path}`,
    retry: 'soon',
  })
}

/** The directory is watched: a file that is replaced by a rename is another file. */
async function watchProgram(path: string, onHint: () => void, log: LogPort): Promise<() => Promise<void>> {
  const directory = dirname(resolve(path))
  const name = basename(path)
  const watcher = watch(directory, { ignoreInitial: true, depth: 0, followSymlinks: false, atomic: false })
  watcher.on('all', (_event, changed) => {
    if (basename(changed) === name) onHint()
  })
  watcher.on('error', (error) => {
    log.warn(
      { code: errnoOf(error) ?? 'UNKNOWN', directory },
      'the program file is not watched; it is read every interval',
    )
  })
  return () => watcher.close()
}
