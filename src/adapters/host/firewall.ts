import type { HostFirewall } from '../../domain/host.ts'
import type { RunCommand } from './host-command.ts'

export interface FirewallSources {
  readonly run: RunCommand
  /** Names of the running programs. */
  readonly programs: ReadonlySet<string>
  /** Text of `/etc/ufw/ufw.conf`. */
  readonly ufwConf: string | undefined
  /** Text of `/proc/net/ip_tables_names`: tables that the legacy backend has in use. */
  readonly legacyTables: string
}

/** The packet filter of this machine; undefined where neither a command nor a program tells of one. */
export async function readFirewall(sources: FirewallSources, signal: AbortSignal): Promise<HostFirewall | undefined> {
  const { run } = sources
  const version = parseIptablesVersion(await run('iptables', ['--version'], signal))
  const ipv4 = await run('iptables-save', [], signal)
  const ipv6 = await run('ip6tables-save', [], signal)
  const kubernetesRules = await countRules(sources, signal)
  const ipsets = await run('ipset', ['list', '-n'], signal)
  const managers = managersOf(sources)
  const saved = { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) }
  const hasSaved = ipv4 !== undefined || ipv6 !== undefined
  if (version === undefined && !hasSaved && managers.length === 0) return undefined
  return {
    ...version,
    ...(kubernetesRules === undefined ? {} : { kubernetesRules }),
    ...(hasSaved ? { saved, chains: chainsOf(`${ipv4 ?? ''}\n${ipv6 ?? ''}`) } : {}),
    ...(ipsets === undefined ? {} : { ipsets: ipsets.split('\n').filter((name) => name !== '') }),
    managers,
  }
}

/** `iptables v1.8.9 (nf_tables)`; before 1.8 there is one backend and no word about it. */
export function parseIptablesVersion(
  text: string | undefined,
): Pick<HostFirewall, 'iptablesVersion' | 'backend'> | undefined {
  const [, version, backend] = /^iptables v([0-9.]+)(?: \((nf_tables|legacy)\))?/.exec(text ?? '') ?? []
  if (version === undefined) return undefined
  return { iptablesVersion: version, backend: backend === 'nf_tables' ? 'nft' : 'legacy' }
}

/** Asking the legacy backend could load its kernel modules: it is asked only where it has tables already. */
async function countRules(
  { run, legacyTables }: FirewallSources,
  signal: AbortSignal,
): Promise<HostFirewall['kubernetesRules']> {
  const nft = await run('iptables-nft-save', [], signal)
  const isLegacyUsed = legacyTables.trim() !== ''
  const legacy = isLegacyUsed ? await run('iptables-legacy-save', [], signal) : ''
  if (nft === undefined || legacy === undefined) return undefined
  return { nft: kubernetesRulesIn(nft), legacy: kubernetesRulesIn(legacy) }
}

export function kubernetesRulesIn(saved: string): number {
  return saved.split('\n').filter((line) => /^-A .*(KUBE-|CNI-|FLANNEL|flanneld)/.test(line)).length
}

/** Chains of the filter and nat tables, each once. */
export function chainsOf(saved: string): readonly string[] {
  let table = ''
  const chains = saved.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1).trim()
    const name = /^:(\S+) /.exec(line)?.[1]
    return name !== undefined && (table === 'filter' || table === 'nat') ? [name] : []
  })
  return [...new Set(chains)]
}

function managersOf({ programs, ufwConf }: FirewallSources): readonly string[] {
  const isUfwOn = /^[ \t]*ENABLED[ \t]*=[ \t]*["']?yes/im.test(ufwConf ?? '')
  return [...(programs.has('firewalld') ? ['firewalld'] : []), ...(isUfwOn ? ['ufw'] : [])]
}
