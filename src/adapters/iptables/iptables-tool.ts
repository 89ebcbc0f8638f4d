import { stat } from 'node:fs/promises'
import type { IptablesBackend } from '../../domain/network-program.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { CommandPort } from '../../ports/command-port.ts'

export const families: readonly AddressFamilyKey[] = ['v4', 'v6']

/** One pair of programs that read and write the tables of one family. */
export interface IptablesPair {
  readonly save: string
  readonly restore: string
  /** `1.8.9`. */
  readonly version: string
  /** Changes when the programs were replaced. */
  readonly stamp: string
}

/** The programs of one backend, as far as they are installed. */
export interface IptablesTool {
  readonly backend: IptablesBackend
  readonly pairs: ReadonlyMap<AddressFamilyKey, IptablesPair>
  /** Where there are no pairs: a program of this backend that is there and does not run, as one of another architecture. */
  readonly mute?: string
}

/**
 * Finds the concrete programs of one backend, where K3s finds them too: among the system's directories, otherwise those
 * that K3s brought.
 */
export async function findTool(
  commands: CommandPort,
  backend: IptablesBackend,
  bundledDirectory: string,
): Promise<IptablesTool> {
  const pairs = new Map<AddressFamilyKey, IptablesPair>()
  for (const family of families) {
    const pair = await findPair(commands, family === 'v4' ? 'iptables' : 'ip6tables', backend, bundledDirectory)
    if (pair !== undefined) pairs.set(family, pair)
  }
  const mute = pairs.size === 0 ? await commands.find(`iptables-${backend}-restore`) : undefined
  return { backend, pairs, ...(mute === undefined ? {} : { mute }) }
}

async function findPair(
  commands: CommandPort,
  stem: string,
  backend: IptablesBackend,
  bundledDirectory: string,
): Promise<IptablesPair | undefined> {
  for (const name of [`${stem}-${backend}`, stem]) {
    const found = [await commands.find(`${name}-restore`), await commands.find(`${name}-save`)] as const
    const bundled = [`${bundledDirectory}/${name}-restore`, `${bundledDirectory}/${name}-save`] as const
    for (const [restore, save] of [found, bundled]) {
      const pair = restore === undefined || save === undefined ? undefined : await readPair(commands, restore, save)
      if (pair?.backend === backend) return pair.pair
    }
  }
  return undefined
}

async function readPair(
  commands: CommandPort,
  restore: string,
  save: string,
): Promise<{ readonly pair: IptablesPair; readonly backend: IptablesBackend } | undefined> {
  const stamp = await stampOf(restore)
  if (stamp === undefined) return undefined
  const version = await readVersion(commands, restore)
  return version === undefined
    ? undefined
    : { pair: { restore, save, version: version.number, stamp }, backend: version.backend }
}

/** What `--version` says: releases before 1.8 name no mode, and know only the old one. */
export async function readVersion(
  commands: CommandPort,
  program: string,
): Promise<{ readonly number: string; readonly backend: IptablesBackend } | undefined> {
  const { code, stdout } = await commands.run([program, '--version'])
  const [, number, mode] = /v(\d+(?:\.\d+)+)(?:.*\((nf_tables|legacy)\))?/.exec(stdout) ?? []
  if (code !== 0 || number === undefined) return undefined
  return { number, backend: mode === 'nf_tables' ? 'nft' : 'legacy' }
}

/** Which file a program is, as far as a replacement shows; undefined when there is none. */
export async function stampOf(program: string): Promise<string | undefined> {
  try {
    const { dev, ino, mtimeMs, size } = await stat(program)
    return [program, dev, ino, mtimeMs, size].join(' ')
  } catch {
    return undefined
  }
}

/** These releases write rules twice: K3s refuses them as well (k3s-io/docs, known issues; k3s-io/k3s #3117). */
export function duplicatesRules(version: string): boolean {
  return /^1\.8\.[0-4]$/.test(version)
}
