import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { fileNotMoved } from './leftover-failures.ts'

/** The name of a file inside a quarantine: its path, with every slash written as %2F. */
export function quarantinedPath(quarantine: string, path: string): string {
  return `${quarantine}/${path.slice(1).replaceAll('%', '%25').replaceAll('/', '%2F')}`
}

/**
 * Moves a file into a quarantine, also from another file system, and overwrites nothing there. Nothing is lost at any
 * moment: the file is in both places rather than in neither.
 * @throws Failure CLEANUP_FAILED; a file that is gone already is none
 */
export function quarantineFile(root: string, path: string, quarantine: string): void {
  const from = `${root}${path}`
  const to = quarantinedPath(quarantine, path)
  try {
    const stats = lstatSync(from, { throwIfNoEntry: false })
    if (stats === undefined) return
    if (!stats.isFile()) throw new Error('it is no file')
    mkdirSync(quarantine, { recursive: true, mode: 0o700 })
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) throw new Error(`${to} exists`)
    moveFile(from, to)
    syncDirectory(quarantine)
    syncDirectory(dirname(from))
  } catch (cause) {
    throw fileNotMoved(path, cause)
  }
}

function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EXDEV')) throw cause
    copyFileSync(from, to, constants.COPYFILE_EXCL)
    syncFile(to)
    unlinkSync(from)
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncDirectory(path: string): void {
  syncFile(path)
}
