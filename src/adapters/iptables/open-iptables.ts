import { release } from 'node:os'
import { Failure } from '../../domain/failure.ts'
import type { InverseStep } from '../../domain/inverse.ts'
import type { IptablesBackend } from '../../domain/network-program.ts'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey, SavedTable, SavedTables } from '../../domain/saved-tables.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import type { FilterObservation, PacketFilterPort } from '../../ports/packet-filter-port.ts'
import { parseIptablesSave } from '../../text/iptables-save.ts'
import { inverseSteps } from './inverse-steps.ts'
import { stampOf } from './iptables-tool.ts'
import { incompatibleTable, type LiveState, type LiveTables, noIpset } from './live-tables.ts'
import { observeState } from './observe-state.ts'
import type { WantedState } from './plan-steps.ts'
import { type PreparedNode, prepareNode } from './prepare-node.ts'
import { openProgramMemory } from './program-memory.ts'
import { writeProgram } from './write-program.ts'

export interface IptablesOptions {
  readonly commands: CommandPort
  /** Where K3s keeps the programs that it brought; `/var/lib/rancher/k3s` when absent. */
  readonly k3sDataDir?: string
  /** Lock of the legacy backend; `/run/xtables.lock` when absent. */
  readonly lockFile?: string
  /** Set by the user; otherwise the node's own is found out. */
  readonly backend?: IptablesBackend
  /** Milliseconds that a write may wait for the lock in all; 20 s when absent. */
  readonly lockBudgetMs?: number
  /** Removes chains with our prefix that hold nothing of ours, too. */
  readonly prune?: boolean
}

const detectAgainMs = 3_600_000
/** A read that found drift is what the next write starts from, when it comes at once. */
const freshMs = 500

/**
 * The packet filter in the iptables tables of this node. Our part is chains with our prefix and one jump to each from a
 * built-in chain; nothing else is written, and policies never.
 */
export function openIptables(options: IptablesOptions): PacketFilterPort {
  const { commands, lockFile, backend, prune = false } = options
  const bundledDirectory = `${options.k3sDataDir ?? '/var/lib/rancher/k3s'}/data/current/bin/aux`
  const memory = openProgramMemory(release())
  let prepared: { readonly node: PreparedNode; readonly at: number } | undefined
  let seen: { readonly state: LiveState; readonly at: number } | undefined

  const prepare = async (): Promise<PreparedNode> => {
    const node = await prepareNode({ commands, bundledDirectory, lockFile, backend })
    prepared = { node, at: performance.now() }
    return node
  }
  const current = async (): Promise<PreparedNode> => {
    if (prepared === undefined || performance.now() - prepared.at > detectAgainMs) return prepare()
    for (const pair of prepared.node.tool.pairs.values()) {
      if ((await stampOf(pair.restore)) !== pair.stamp) return prepare()
    }
    return prepared.node
  }
  const wantedState = async (node: PreparedNode, program: FilterProgram | undefined): Promise<WantedState> => {
    if (program === undefined) return { families: new Map(), sets: [] }
    const learnt = await Promise.all(
      node.live.families.map(async (family) => [family, await memory.learn(node, family, program[family])] as const),
    )
    const sets = node.live.families.flatMap((family) => program[family].sets)
    if (sets.length > 0 && node.ipset === undefined) throw noIpset()
    return { families: new Map(learnt), sets }
  }
  const isAbandoned = (node: PreparedNode): boolean => node.abandoned !== undefined && prepared?.node === node

  return {
    plane: 'iptables',
    capabilities: async () => {
      const { tool, detected, unsupported } = await prepare()
      const [pair] = tool.pairs.values()
      return {
        tool: `iptables v${pair?.version} (${tool.backend === 'nft' ? 'nf_tables' : 'legacy'})`,
        backend: tool.backend,
        because: detected.because,
        unsupported,
        ...(detected.split === undefined ? {} : { split: detected.split }),
      }
    },
    check: async (program) => {
      const node = await current()
      // What will not be written is not begun: a change that is armed and taken back would not be tried again.
      if (node.detected.split !== undefined) throw splitFailure(node.detected.split)
      await wantedState(node, program)
    },
    observe: async (program, signal): Promise<FilterObservation> => {
      const node = await current()
      const [wanted, state] = await Promise.all([wantedState(node, program), node.live.read()])
      signal.throwIfAborted()
      const abandoned = isAbandoned(node) ? await node.abandoned?.read() : undefined
      const observation = observeState(state, wanted, abandoned, prune)
      seen = observation.kind === 'settled' ? undefined : { state, at: performance.now() }
      return observation
    },
    replace: async (program, signal) => {
      const node = await current()
      if (node.detected.split !== undefined) throw splitFailure(node.detected.split)
      const wanted = await wantedState(node, program)
      const fresh = seen !== undefined && performance.now() - seen.at < freshMs ? seen.state : undefined
      seen = undefined
      const limits = { lockBudgetMs: options.lockBudgetMs ?? 20_000, mayRemove: () => prune }
      await writeProgram(node.live, wanted, limits, fresh, signal)
      if (node.abandoned === undefined || !isAbandoned(node)) return
      // The node changed over: what was left in the other backend goes once the new place holds.
      await writeProgram(node.abandoned, { families: new Map(), sets: wanted.sets }, limits, undefined, signal)
      prepared = undefined
    },
    inverse: async () => {
      const node = await current()
      const [sh, awk] = await Promise.all([commands.find('sh'), commands.find('awk')])
      if (sh === undefined || awk === undefined) throw noAwk()
      const back = async (tables: LiveTables): Promise<readonly InverseStep[]> =>
        inverseSteps(await tables.read(), { sh, awk, ipset: node.ipset, pairs: tables.pairs })
      // What is taken out of the other backend once the new place holds comes back there.
      const abandoned = node.abandoned === undefined || !isAbandoned(node) ? [] : await back(node.abandoned)
      return [...abandoned, ...(await back(node.live))]
    },
    tables: async (): Promise<SavedTables> => {
      const node = await current()
      const sources = node.other === undefined ? [node.live] : [node.live, node.other]
      const [v4, v6] = await Promise.all([savedTables(sources, 'v4'), savedTables(sources, 'v6')])
      const sets = await node.live.readSets()
      return { v4, v6, sets: new Map([...sets].map(([name, { members }]) => [name, members])) }
    },
  }
}

/** Tables of both backends where both have some: a packet passes through all of them. */
async function savedTables(sources: readonly LiveTables[], family: AddressFamilyKey): Promise<readonly SavedTable[]> {
  const tables: SavedTable[] = []
  for (const source of sources) {
    if (!source.families.includes(family)) continue
    const saved = parseIptablesSave(await source.readText(family))
    const [unseen] = saved.incompatible
    if (unseen !== undefined) throw incompatibleTable(unseen, family)
    tables.push(...saved.tables)
  }
  return tables
}

function splitFailure(split: NonNullable<PreparedNode['detected']['split']>): Failure {
  return new Failure(
    `both backends of iptables hold chains of Kubernetes: ${split.nft} in nft, ${split.legacy} in legacy`,
    {
      code: 'FILTER_SPLIT',
      where: split.tables.join(', '),
      fix: 'remove the chains of the backend that K3s no longer uses, or set spec.firewall.backend',
      retry: 'soon',
    },
  )
}

function noAwk(): Failure {
  return new Failure('sh and awk are needed to take a change back without this program', {
    code: 'FILTER_UNSUPPORTED',
    where: 'awk',
    fix: 'install awk',
    retry: 'soon',
  })
}
