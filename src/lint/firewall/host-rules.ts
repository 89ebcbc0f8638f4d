import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import { flannelInterfaces } from '../../k3s/flannel/flannel-devices.ts'
import { reaches } from '../../k3s/version/release-floors.ts'
import { declaredCnis } from '../custom-cni/declared-cni.ts'
import { flannelConfOf, hasVpn, podNetworkOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { savedFilters } from './closed-ports.ts'
import { linesOfTable } from './iptables-save.ts'

/** What a machine shows of itself: two backends, doubled rules, things that a former configuration left. */
export const hostRules: readonly Rule[] = [
  {
    id: 'host-both-backends',
    severity: 'warning',
    title: 'Kubernetes rules in both backends of iptables',
    why: 'the kernel asks both, and a drop in either one drops; K3s keeps one of them up to date, and the other one stays as it is',
    fix: 'reboot the node so that one backend is left; if both come back, choose one with update-alternatives --config iptables for every writer',
    versions: 'every version',
    looksAt: ['host'],
    sources: ['kubernetes-sigs/iptables-wrappers', 'k3s-io/docs docs/known-issues.md'],
    check: (subject) =>
      subject.nodes.flatMap(({ name, at, host }) => {
        const { nft = 0, legacy = 0 } = host?.firewall?.kubernetesRules ?? {}
        return nft === 0 || legacy === 0
          ? []
          : [{ at, what: `${name} has ${nft} Kubernetes rules in nft and ${legacy} in legacy` }]
      }),
  },
  {
    id: 'host-duplicate-rules',
    severity: 'warning',
    title: 'rules of Kubernetes that are there twice',
    why: 'iptables 1.8.0 to 1.8.4 with nftables does not recognise its own rules and adds them again and again, until the node is slow',
    fix: 'use a newer iptables, or prefer-bundled-bin (1.23.15 / 1.24.9 / 1.25.5 and later), and reboot the node',
    versions: 'every version',
    looksAt: ['host'],
    sources: ['k3s-io/k3s #3117', 'k3s-io/docs docs/known-issues.md'],
    check: (subject) => subject.nodes.flatMap(duplicateRules),
  },
  {
    id: 'host-npc-leftovers',
    severity: 'warning',
    title: 'rules of a network policy controller that is turned off',
    why: 'they go on filtering by the pods and policies of the moment when it was turned off',
    fix: 'restart K3s if that has not been done since, then reboot the node, or take the KUBE-ROUTER, KUBE-POD-FW and KUBE-NWPLCY chains and the KUBE-SRC and KUBE-DST sets away',
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources: ['k3s-io/docs docs/networking/networking-services.md'],
    check: (subject) => {
      const isOff = serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'disable-network-policy'))
      return isOff ? subject.nodes.flatMap(policyLeftovers) : []
    },
  },
  {
    id: 'host-vxlan-offload',
    severity: 'warning',
    title: 'VXLAN with wrong checksums',
    why: 'kube-proxy of this release masquerades packets of the tunnel a second time, and a kernel before 5.7 then computes a wrong UDP checksum: the other node drops them',
    fix: 'upgrade K3s to 1.17.9, 1.18.6 or later; until then: ethtool -K flannel.1 tx-checksum-ip-generic off',
    versions: 'up to 1.17.8 and 1.18.5',
    looksAt: ['host', 'settings'],
    sources: [
      'k3s-io/k3s #2013',
      'kubernetes/kubernetes #92035',
      'flannel-io/flannel Documentation/troubleshooting.md',
    ],
    check: (subject) => subject.nodes.flatMap((node) => wrongChecksums(subject, node)),
  },
  {
    id: 'host-leftover-interfaces',
    severity: 'warning',
    title: 'interfaces of a former pod network',
    why: 'their routes stay with them and can win over those of the network that is there now',
    fix: 'reboot the node, or stop K3s, delete the interface with "ip link delete" and start K3s again',
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources: ['rancher/rke2 #9338'],
    check: (subject) => subject.nodes.flatMap((node) => leftoverInterfaces(subject, node)),
  },
]

function duplicateRules({ name, at, host }: NodeSubject): readonly Finding[] {
  const { ipv4 = '', ipv6 = '' } = host?.firewall?.saved ?? {}
  return [ipv4, ipv6].flatMap((text) => {
    const tables = text.split(/^\*/m)
    const doubled = tables.flatMap((table) => {
      const rules = linesOfTable(table).filter((line) => /^-A /.test(line) && /KUBE-|CNI-|FLANNEL|flanneld/.test(line))
      return [...Map.groupBy(rules, (line) => line)].filter(([, lines]) => lines.length > 1)
    })
    const [first] = doubled
    if (first === undefined) return []
    const more = doubled.length > 1 ? `, and ${doubled.length - 1} more rules` : ''
    return [{ at, what: `${name} has ${first[1].length} times ${JSON.stringify(first[0])}${more}` }]
  })
}

function policyLeftovers(node: NodeSubject): readonly Finding[] {
  const { name, at, host } = node
  const saved = Object.values(savedFilters(node)).flatMap((filter) => [...(filter?.chains.keys() ?? [])])
  const chains = [...new Set(host?.firewall?.chains ?? saved)].filter((chain) =>
    /^KUBE-(ROUTER|POD-FW|NWPLCY)-/.test(chain),
  )
  const sets = (host?.firewall?.ipsets ?? []).filter((set) => /^(inet6:)?KUBE-(SRC|DST)-/.test(set))
  if (chains.length === 0 && sets.length === 0) return []
  return [
    {
      at,
      what: `${name} still has ${chains.length} chains and ${sets.length} ipsets of the network policy controller`,
    },
  ]
}

function wrongChecksums(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const version = node.version ?? subject.version
  const [major, minor] = (/^(\d+)\.(\d+)/.exec(node.host?.kernelRelease ?? '') ?? []).slice(1).map(Number)
  if (version === undefined || major === undefined || minor === undefined) return []
  if (major > 5 || (major === 5 && minor >= 7) || reaches(['1.17.9', '1.18.6', '1.19.0'], version)) return []
  if (flannelConfOf(subject, node)?.backend.type !== 'vxlan') return []
  return [
    { at: node.at, what: `${node.name} runs ${version.text} with vxlan on Linux ${node.host?.kernelRelease ?? ''}` },
  ]
}

/** K3s's old wireguard backend calls its interface flannel.1 too; Canal's flannel as well. */
function leftoverInterfaces(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const interfaces = node.host?.network?.interfaces ?? []
  const backend = podNetworkOf(subject)?.backend
  const conf = flannelConfOf(subject, node)
  const isKnown = backend === 'none' || (conf !== undefined && conf.backend.type !== 'extension')
  if (!isKnown || hasVpn(node)) return []
  const foreign = declaredCnis(subject).some(({ name }) => name === 'canal' || name === 'flannel') || mayBeCanal(node)
  const own = new Set(conf === undefined ? [] : flannelInterfaces(conf))
  return interfaces.flatMap(({ name }) => {
    const isFlannel = /^flannel(-v6)?\.\d+$|^flannel-wg(-v6)?$/.test(name) && !own.has(name)
    const isBridge = name === 'cni0' && backend === 'none'
    if (foreign || (!isFlannel && !isBridge)) return []
    return [
      {
        at: node.at,
        what: `${node.name} has ${name}, and the backend is ${backend ?? conf?.backend.type ?? 'another'}`,
      },
    ]
  })
}

/** Where only the machine is known, its interfaces and CNI files tell of a plugin that brings a flannel of its own. */
function mayBeCanal({ host }: NodeSubject): boolean {
  const hasCalico = host?.network?.interfaces.some(({ name }) => name.startsWith('cali')) === true
  return (
    hasCalico || [...(host?.files.keys() ?? [])].some((path) => /^\/etc\/cni\/net\.d\/.*(canal|flannel)/.test(path))
  )
}
