import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { statOf } from './host-path.ts'

/** By this a sibling that was never renamed is told, and that nobody but us made it. */
export const unfinished = '.fairlead-unfinished-'

function siblingOf(path: string): string {
  return join(dirname(path), `${unfinished}${process.pid}-${basename(path)}`)
}

/** Whoever reads `path` at any moment, a power cut included, finds the old content or the new one. */
export function writeDurably(path: string, text: string, mode: number): void {
  makeDirectory(dirname(path))
  const sibling = siblingOf(path)
  const file = openSync(sibling, 'w', mode)
  try {
    writeFileSync(file, text)
    fchmodSync(file, mode)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(sibling, path)
  syncDirectory(dirname(path))
}

/** Puts a link in place of what is there. */
export function linkDurably(path: string, target: string): void {
  const sibling = siblingOf(path)
  symlinkSync(target, sibling)
  renameSync(sibling, path)
  syncDirectory(dirname(path))
}

/** What a kill left behind is begun anew: nobody knows how much of it is whole. */
export function sweep(directory: string): void {
  if (statOf(directory) === undefined) return
  for (const name of readdirSync(directory)) {
    if (name.startsWith(unfinished)) rmSync(join(directory, name), { recursive: true, force: true })
  }
}

export function makeDirectory(path: string): void {
  if (statOf(path) === undefined) mkdirSync(path, { recursive: true, mode: 0o755 })
}

export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

export function textOf(path: string): string | undefined {
  return statOf(path)?.isFile() === true ? readFileSync(path, 'utf8') : undefined
}
