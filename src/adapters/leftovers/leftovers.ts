import { resolve } from 'node:path'
import type { Leftovers, Removal } from '../../domain/leftovers.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import type { LeftoversPort } from '../../ports/leftovers-port.ts'
import { inverseOf } from './inverse.ts'
import { quarantineFile } from './quarantine-file.ts'
import { readFiles } from './read-files.ts'
import { readKernel } from './read-kernel.ts'
import { readTables } from './read-tables.ts'
import { removeChains } from './remove-chains.ts'
import { deleteLink, deleteNftTable, deleteRoutes, destroySets, writeRule } from './remove-objects.ts'

export interface LeftoversOptions {
  readonly commands: CommandPort
  /** Root of the machine. */
  readonly root: string
  /** Absolute; made when the first file goes there. A new one for each cleanup. */
  readonly quarantine: string
  /** What the K3s that runs was started with, in the form of `Leftovers.k3sArguments`. */
  readonly k3sArguments: () => Promise<readonly string[] | undefined>
  /** Where proc is mounted; `/proc` unless told. */
  readonly proc?: string
}

/** What components that are gone left on this machine. Nothing is touched before the first `remove`. */
export function openLeftovers(options: LeftoversOptions): LeftoversPort {
  const { commands, quarantine } = options
  const root = resolve(options.root) === '/' ? '' : resolve(options.root)
  return {
    observe: async (cleanups, signal): Promise<Leftovers> => {
      signal.throwIfAborted()
      if (cleanups.length === 0) return nothing
      const [tables, kernel, k3sArguments] = await Promise.all([
        readTables(commands),
        readKernel(commands),
        options.k3sArguments(),
      ])
      return { tables, ...kernel, ...readFiles(root, options.proc ?? '/proc'), k3sArguments }
    },
    inverse: (plan) => inverseOf(plan, commands, { root, quarantine }),
    remove: async ({ removals }, signal) => {
      for (const removal of removals) {
        signal.throwIfAborted()
        await removeOne(removal, { commands, root, quarantine }, signal)
      }
    },
  }
}

const nothing: Leftovers = {
  tables: [],
  sets: [],
  nftTables: [],
  links: [],
  routes: [],
  files: [],
  containers: undefined,
  k3sArguments: undefined,
  programs: [],
}

async function removeOne(
  removal: Removal,
  { commands, root, quarantine }: Pick<LeftoversOptions, 'commands' | 'root' | 'quarantine'>,
  signal: AbortSignal,
): Promise<void> {
  switch (removal.kind) {
    case 'chains':
      return await removeChains(removal, commands, signal)
    case 'sets':
      return await destroySets(removal.names, commands, signal)
    case 'nft-table':
      return await deleteNftTable(removal.family, removal.name, commands)
    case 'link':
      return await deleteLink(removal.name, commands)
    case 'route':
      return await deleteRoutes([removal.route], commands)
    case 'routing-rule':
      return await writeRule('del', removal.rule, commands)
    case 'add-routing-rule':
      return await writeRule('add', removal.rule, commands)
    case 'file':
      return quarantineFile(root, removal.path, quarantine)
  }
}
