import { Failure } from '../../domain/failure.ts'
import type { IptablesBackend } from '../../domain/network-program.ts'
import { chainPrefix } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import type { FilterCapabilities } from '../../ports/packet-filter-port.ts'
import { type DetectedBackend, detectBackend, hasLegacyTables } from './detect-backend.ts'
import { duplicatesRules, families, findTool, type IptablesTool } from './iptables-tool.ts'
import { type LiveTables, openLiveTables } from './live-tables.ts'
import { toolWords } from './refusal.ts'
import { openShadow, type Shadow } from './shadow.ts'

/** What was found out about a node before anything is read or written. */
export interface PreparedNode {
  readonly detected: DetectedBackend
  readonly tool: IptablesTool
  readonly unsupported: FilterCapabilities['unsupported']
  readonly shadow: Shadow
  readonly live: LiveTables
  /** Absent where it is not installed, or the kernel has no sets. */
  readonly ipset: string | undefined
  /** Tables of the other backend that hold chains of ours, from before the node changed over. */
  readonly abandoned: LiveTables | undefined
  /** The other backend, where it has any tables. */
  readonly other: LiveTables | undefined
}

export interface NodeOptions {
  readonly commands: CommandPort
  readonly bundledDirectory: string
  readonly lockFile: string | undefined
  readonly backend: IptablesBackend | undefined
}

/** @throws Failure FILTER_UNSUPPORTED */
export async function prepareNode(options: NodeOptions): Promise<PreparedNode> {
  const { commands, bundledDirectory, lockFile } = options
  const detected = await detectBackend(commands, bundledDirectory, options.backend)
  const tool = await findTool(commands, detected.backend, bundledDirectory)
  refuseTool(tool)
  const [shadow, ipset] = await Promise.all([openShadow(commands), usableIpset(commands)])
  const unsupported = await unsupportedFamilies(tool, shadow)
  const supported = families.filter((family) => !unsupported.some((one) => one.family === family))
  const other = await openOther(options, detected.backend, ipset)
  return {
    detected,
    tool,
    unsupported,
    shadow,
    ipset,
    live: openLiveTables(commands, tool, supported, ipset, lockFile),
    other,
    abandoned: other !== undefined && (await holdsOurs(other)) ? other : undefined,
  }
}

/** Kernels without sets answer every call with an error: there are no sets then, and none can be made. */
async function usableIpset(commands: CommandPort): Promise<string | undefined> {
  const ipset = await commands.find('ipset')
  if (ipset === undefined) return undefined
  return (await commands.run([ipset, 'list', '-n'])).code === 0 ? ipset : undefined
}

function refuseTool(tool: IptablesTool): void {
  const [pair] = tool.pairs.values()
  if (tool.mute !== undefined) {
    throw unsupportedTool(`${tool.mute} does not run here`, 'install iptables 1.8.5 or newer for this architecture')
  }
  if (pair === undefined) {
    throw unsupportedTool(
      `iptables with the ${tool.backend} backend is not installed`,
      'install iptables 1.8.5 or newer',
    )
  }
  if (duplicatesRules(pair.version)) {
    throw unsupportedTool(`iptables ${pair.version} writes rules twice`, 'install iptables 1.8.5 or newer')
  }
}

function unsupportedTool(message: string, fix: string): Failure {
  return new Failure(message, { code: 'FILTER_UNSUPPORTED', where: 'iptables', fix, retry: 'soon' })
}

const emptyTables = ['raw', 'mangle', 'nat', 'filter'].map((table) => `*${table}\nCOMMIT\n`).join('')

/** Asks the kernel for all tables of each family, in a namespace of their own. */
async function unsupportedFamilies(tool: IptablesTool, shadow: Shadow): Promise<FilterCapabilities['unsupported']> {
  const found = await Promise.all(
    families.map(async (family) => {
      const pair = tool.pairs.get(family)
      const name = family === 'v4' ? 'iptables' : 'ip6tables'
      if (pair === undefined) return [{ family, reason: `${name} with the ${tool.backend} backend is not installed` }]
      const result = await shadow.load(pair, emptyTables, [], shadowLock(family))
      if (result.code === 0) return []
      return [{ family, reason: `${name}: ${toolWords(result.stderr) || `exit status ${result.code}`}` }]
    }),
  )
  return found.flat()
}

/** Two families may be tried at the same time. */
export function shadowLock(family: AddressFamilyKey): string {
  return `/run/fairlead-shadow-${family}.lock`
}

async function openOther(
  options: NodeOptions,
  backend: IptablesBackend,
  ipset: string | undefined,
): Promise<LiveTables | undefined> {
  const { commands, bundledDirectory, lockFile } = options
  if (backend === 'nft' && !(await hasLegacyTables(commands))) return undefined
  const tool = await findTool(commands, backend === 'nft' ? 'legacy' : 'nft', bundledDirectory)
  const installed = families.filter((family) => tool.pairs.has(family))
  return installed.length === 0 ? undefined : openLiveTables(commands, tool, installed, ipset, lockFile)
}

async function holdsOurs(tables: LiveTables): Promise<boolean> {
  const texts = await Promise.all(tables.families.map((family) => tables.readText(family)))
  return texts.some((text) => text.includes(`\n:${chainPrefix}`))
}
