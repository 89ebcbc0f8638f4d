import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { findFlag, isKnownTo } from '../../k3s/flags/flag-catalogue.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { type K3sVersion, parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import { reaches } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { releaseOf } from './node-release.ts'

/** What depends on the release and on the machine, or on two releases at once. */
export const hostAndSkewRules: readonly Rule[] = [
  {
    id: 'ver-ipsec-binaries',
    severity: 'error',
    title: 'flannel-backend ipsec on a machine without strongSwan',
    why: 'these releases no longer bring swanctl and charon, and flannel cannot make its tunnels',
    fix: 'install strongSwan, or move to wireguard-native',
    versions: '1.23.15 / 1.24.9 / 1.25.5 to 1.26',
    looksAt: ['settings', 'host'],
    sources: ['k3s-io/k3s docs/adrs/flannel-options.md'],
    check: missingStrongSwan,
  },
  {
    id: 'ver-bundled-bin',
    severity: 'notice',
    title: 'an iptables that is known to repeat rules',
    why: 'iptables 1.8.0 to 1.8.4 loses and doubles rules in nft mode, and the network policy controller writes many',
    fix: 'set prefer-bundled-bin, or upgrade iptables',
    versions: '1.24.9 / 1.25.5 and later',
    looksAt: ['settings', 'host'],
    sources: ['k3s-io/docs docs/known-issues.md'],
    check: (subject) => subject.nodes.flatMap((node) => leakyIptables(subject, node)),
  },
  {
    id: 'ver-mixed-132',
    severity: 'warning',
    title: 'flannel on agents before 1.32 beside servers from 1.32 on',
    why: 'the API server lets a kubelet of such a server version see its own Node only, and old flannel watches all',
    fix: 'upgrade the agents soon after, or turn AuthorizeNodeWithSelectors off on the API server meanwhile',
    versions: '1.32.0 and later',
    looksAt: ['settings', 'live'],
    sources: ['kubernetes/kubernetes AuthorizeNodeWithSelectors'],
    check: oldFlannelAgents,
  },
]

function missingStrongSwan(subject: LintSubject): readonly Finding[] {
  const written = serversOf(subject)
    .map((node) => scalarOf(node.settings, 'flannel-backend'))
    .find((value) => value?.text === 'ipsec')
  if (written === undefined) return []
  return subject.nodes.flatMap((node) => {
    const version = releaseOf(node, subject)
    const commands = node.host?.commands
    if (version === undefined || commands === undefined || commands.includes('swanctl')) return []
    if (supports('bundled-ipsec-binaries', version) || reaches(['1.27.0'], version)) return []
    return [{ at: written.at, what: `${node.name} has no swanctl, and K3s ${version.text} brings none` }]
  })
}

function leakyIptables(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const version = releaseOf(node, subject)
  const firewall = node.host?.firewall
  const flag = findFlag('prefer-bundled-bin')
  if (version === undefined || firewall === undefined || flag === undefined) return []
  if (!isKnownTo(flag, node.role, version) || isSwitchedOn(node.settings, flag.name)) return []
  if (firewall.backend === 'legacy' || !/^v?1\.8\.[0-4]$/.test(firewall.iptablesVersion ?? '')) return []
  const servers = serversOf(subject)
  // Without a server in sight the controller has its default, which is on.
  if (servers.length > 0 && servers.every((server) => isSwitchedOn(server.settings, 'disable-network-policy')))
    return []
  return [{ at: node.at, what: `${node.name} has iptables ${firewall.iptablesVersion ?? ''}` }]
}

function oldFlannelAgents(subject: LintSubject): readonly Finding[] {
  const servers = serversOf(subject)
  const newServer = servers.map((node) => releaseOf(node, subject)).find((version) => isSelective(version))
  if (newServer === undefined) return []
  if (servers.some((server) => scalarOf(server.settings, 'flannel-backend')?.text === 'none')) return []
  return subject.nodes.flatMap((node) => {
    const running = parseK3sVersion(node.facts.k3sVersion ?? '') ?? releaseOf(node, subject)
    if (node.role !== 'agent' || running === undefined || isSelective(running)) return []
    return [{ at: node.at, what: `${node.name} runs ${running.text} beside servers of ${newServer.text}` }]
  })
}

function isSelective(version: K3sVersion | undefined): boolean {
  return version !== undefined && supports('node-selector-authorization', version)
}
