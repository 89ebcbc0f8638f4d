import { constants } from 'node:fs'
import { lstat, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../domain/failure.ts'
import { deviceOfSysctl, isManagedSysctl, sysctlPath } from '../../domain/sysctl-path.ts'
import type { SysctlsPort } from '../../ports/sysctls-port.ts'

export interface SysctlPlaces {
  /** `/proc/sys`. */
  readonly root: string
  /** Read after those of the distribution: `/etc/sysctl.d/99-fairlead.conf`. */
  readonly file: string
}

export const systemSysctls: SysctlPlaces = { root: '/proc/sys', file: '/etc/sysctl.d/99-fairlead.conf' }

/** Kernel settings as files. What is written is one line; links are not followed. */
export function openSysctls(places: SysctlPlaces = systemSysctls): SysctlsPort {
  return {
    read: (path) => readSetting(places, path),
    write: (path, value) => writeSetting(places, path, value),
    persist: (settings) => persistSettings(places.file, settings),
  }
}

async function readSetting(places: SysctlPlaces, path: readonly string[]): Promise<string | undefined> {
  const file = await fileOf(places, path)
  if (file === undefined) return undefined
  try {
    return (await readFile(file, { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NOFOLLOW })).trim()
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined
    throw new Failure(`${path.join('.')} cannot be read (${codeOf(cause)})`, rejected(file), { cause })
  }
}

async function writeSetting(places: SysctlPlaces, path: readonly string[], value: string): Promise<void> {
  if (!/^[\x20-\x7e]{1,256}$/.test(value)) throw refused(path, 'the value is not one line of plain text')
  const file = await fileOf(places, path)
  if (file === undefined) throw missing(path)
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW)
    try {
      await handle.write(`${value}\n`)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') throw missing(path, cause)
    throw new Failure(
      `the kernel refused ${path.join('.')} = ${JSON.stringify(value)} (${codeOf(cause)})`,
      rejected(file),
      {
        cause,
      },
    )
  }
}

/** @returns undefined where the directory is not there; @throws Failure SYSCTL_REFUSED where it is somewhere else */
async function fileOf({ root }: SysctlPlaces, path: readonly string[]): Promise<string | undefined> {
  if (!isManagedSysctl(path)) throw refused(path, 'it is not among the settings that are managed')
  const [realRoot, directory] = await Promise.all([real(root), real(join(root, ...path.slice(0, -1)))])
  if (realRoot === undefined || directory === undefined) return undefined
  if (directory !== join(realRoot, ...path.slice(0, -1))) throw refused(path, 'a link leads elsewhere')
  return join(directory, path.at(-1) ?? '')
}

async function real(directory: string): Promise<string | undefined> {
  try {
    return await realpath(directory)
  } catch {
    return undefined
  }
}

function missing(path: readonly string[], cause?: unknown): Failure {
  return new Failure(
    `there is no setting ${path.join('.')}`,
    {
      code: 'SYSCTL_MISSING',
      where: path.join('.'),
      fix: 'see whether its interface is there, and the kernel module that has it is loaded',
      retry: 'soon',
    },
    { cause },
  )
}

/** Written beside and renamed, so that a boot finds the old settings or the new ones. */
async function persistSettings(file: string, settings: Readonly<Record<string, string>> | undefined): Promise<void> {
  try {
    if (settings === undefined) {
      await rm(file, { force: true })
      return
    }
    const text = persistedText(settings)
    if ((await textOf(file)) === text) return
    await mkdir(dirname(file), { recursive: true })
    const temporary = `${file}.fairlead-new`
    await rm(temporary, { force: true })
    const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure(
      `settings for the next boot could not be written to ${file} (${codeOf(cause)})`,
      { code: 'SYSCTL_REJECTED', where: file, fix: 'make its directory writable for root', retry: 'soon' },
      { cause },
    )
  }
}

/** A file of somebody else's making, as a link would be, is not taken for ours. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return (await lstat(file)).isFile() ? await readFile(file, 'utf8') : undefined
  } catch {
    return undefined
  }
}

/**
 * In the order in which they come, which is the order in which they are applied; a dot inside a name becomes a slash. The
 * dash lets the others be applied where one interface is not there yet.
 * @see sysctl.d(5)
 */
export function persistedText(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([key, value]) => {
    const path = sysctlPath(key)
    if (path === undefined) throw refused([key], 'it is not among the settings that are managed')
    if (!/^[\x20-\x7e]{1,256}$/.test(value)) throw refused(path, 'the value is not one line of plain text')
    const mayBeMissing = deviceOfSysctl(path) === undefined ? '' : '-'
    return `${mayBeMissing}${path.map((part) => part.replaceAll('.', '/')).join('.')} = ${value}`
  })
  return ['# Written by Fairlead from the repository; changes are overwritten.', ...lines, ''].join('\n')
}

function refused(path: readonly string[], reason: string): Failure {
  return new Failure(`${path.join('.')} is not written: ${reason}`, {
    code: 'SYSCTL_REFUSED',
    where: path.join('.'),
    fix: 'take it out of spec.sysctls',
    retry: 'when-changed',
  })
}

function rejected(file: string): {
  readonly code: string
  readonly where: string
  readonly fix: string
  readonly retry: 'when-changed'
} {
  return {
    code: 'SYSCTL_REJECTED',
    where: file,
    fix: 'write a value that the kernel takes, as root and outside of a container',
    retry: 'when-changed',
  }
}

function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'no reason'
}
