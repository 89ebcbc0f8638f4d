import type { IptablesBackend } from '../../domain/network-program.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import type { FilterCapabilities } from '../../ports/packet-filter-port.ts'
import { findTool, type IptablesTool, readVersion } from './iptables-tool.ts'

export interface DetectedBackend {
  readonly backend: IptablesBackend
  /** For people. */
  readonly because: string
  readonly split?: NonNullable<FilterCapabilities['split']>
}

/** Chains that the kubelet and kube-proxy leave in the tables which they use. */
const hints = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'] as const

/**
 * The backend that this node's K3s writes to: told, seen by the kubelet's chains, or what `iptables` is here. Tables of
 * the legacy backend are only read when they exist, for reading one creates it.
 * @see kubernetes-sigs/iptables-wrappers iptables-wrapper-installer.sh
 */
export async function detectBackend(
  commands: CommandPort,
  bundledDirectory: string,
  told: IptablesBackend | undefined,
): Promise<DetectedBackend> {
  if (told !== undefined) return { backend: told, because: 'set by spec.firewall.backend' }
  const nft = chainsOf(await saveAll(commands, await findTool(commands, 'nft', bundledDirectory)))
  const legacy = (await hasLegacyTables(commands))
    ? chainsOf(await saveAll(commands, await findTool(commands, 'legacy', bundledDirectory)))
    : []
  const split = splitOf(nft, legacy)
  for (const [backend, chains] of [['nft', nft] as const, ['legacy', legacy] as const]) {
    const hint = hints.find((name) => chains.some((chain) => chain.table === 'mangle' && chain.name === name))
    if (hint === undefined) continue
    return { backend, because: `${hint} in ${backend} mangle`, ...(split === undefined ? {} : { split }) }
  }
  return { ...(await installedBackend(commands, bundledDirectory)), ...(split === undefined ? {} : { split }) }
}

/** Whether this network namespace has tables of the legacy backend; asking does not make any. */
export async function hasLegacyTables(commands: CommandPort): Promise<boolean> {
  const cat = await commands.find('cat')
  if (cat === undefined) return false
  // A kernel without these tables has no such files: an error, and nothing printed.
  const { stdout } = await commands.run([cat, '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'])
  return stdout.trim() !== ''
}

async function saveAll(commands: CommandPort, tool: IptablesTool): Promise<readonly string[]> {
  const results = await Promise.all([...tool.pairs.values()].map(({ save }) => commands.run([save])))
  return results.map(({ stdout }) => stdout)
}

interface NamedChain {
  readonly table: string
  readonly name: string
}

function chainsOf(texts: readonly string[]): readonly NamedChain[] {
  const chains: NamedChain[] = []
  for (const text of texts) {
    let table = ''
    for (const line of text.split('\n')) {
      if (line.startsWith('*')) table = line.slice(1)
      else if (line.startsWith(':KUBE-')) chains.push({ table, name: line.slice(1, line.indexOf(' ')) })
    }
  }
  return chains
}

function splitOf(nft: readonly NamedChain[], legacy: readonly NamedChain[]): FilterCapabilities['split'] {
  if (nft.length === 0 || legacy.length === 0) return undefined
  const tables = (backend: string, chains: readonly NamedChain[]): readonly string[] =>
    [...new Set(chains.map(({ table }) => `${backend} ${table}`))].toSorted()
  return { nft: nft.length, legacy: legacy.length, tables: [...tables('legacy', legacy), ...tables('nft', nft)] }
}

async function installedBackend(commands: CommandPort, bundledDirectory: string): Promise<DetectedBackend> {
  for (const program of [await commands.find('iptables'), `${bundledDirectory}/iptables`]) {
    const version = program === undefined ? undefined : await readVersion(commands, program)
    if (version !== undefined) return { backend: version.backend, because: `${program} is of that kind` }
  }
  return { backend: 'nft', because: 'there is no iptables' }
}
