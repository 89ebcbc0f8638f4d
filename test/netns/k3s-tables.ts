import type { AddressFamily } from '../../src/domain/cidr.ts'
import { type K3sNode, type K3sTablesOptions, k3sNode, type PlacedRule, policySets } from './k3s-node.ts'
import { flannelRules, kubeletRules, portmapRules } from './k3s-node-rules.ts'
import { kubeRouterRules } from './k3s-policy-rules.ts'
import { kubeProxyRules } from './k3s-proxy-rules.ts'

/** What `iptables-save` tells of a K3s node, each family for its own `restore`, and the ipsets that must be there first. */
export interface K3sTables {
  readonly v4: string
  readonly v6: string
  /** For `ipset restore`. */
  readonly sets: string
}

/**
 * The rules of kube-proxy, the kubelet, flannel, the portmap plugin and the network policy controller, in the forms and
 * the order that a current K3s has them.
 * @see node-networking §1.5
 */
export function k3sTables(options: K3sTablesOptions = {}): K3sTables {
  const [v4, v6] = [k3sNode(options, 4), k3sNode(options, 6)]
  return {
    v4: savedText(inOrder(v4), 'with built-in chains'),
    v6: savedText(inOrder(v6), 'with built-in chains'),
    sets: options.networkPolicy === true ? `${setLines(v4)}${setLines(v6)}` : '',
  }
}

/** What kube-proxy restores with `--noflush` at every sync: its own chains, and no built-in one. */
export function kubeProxyRewrite(options: K3sTablesOptions, family: AddressFamily): string {
  const own = kubeProxyRules(k3sNode(options, family)).filter(({ chain }) => chain.startsWith('KUBE-'))
  return savedText(own, 'own chains only')
}

/** As the components leave them behind: who insists on the first place comes first. */
function inOrder(node: K3sNode): readonly PlacedRule[] {
  const router = node.options.networkPolicy === true ? kubeRouterRules(node) : []
  const portmap = portmapRules(node)
  const comesFirst = ({ chain, rule }: PlacedRule): boolean =>
    !chain.includes('-') && (rule.includes('-j KUBE-ROUTER-') || rule.includes('-j CNI-HOSTPORT-MASQ'))
  const first = [...router, ...portmap].filter(comesFirst)
  const later = [...portmap, ...flannelRules(node), ...router].filter((rule) => !comesFirst(rule))
  return [...first, ...kubeProxyRules(node), ...kubeletRules(node), ...later]
}

const builtInChains = {
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
} as const

function savedText(rules: readonly PlacedRule[], kind: 'with built-in chains' | 'own chains only'): string {
  const out: string[] = []
  for (const table of ['mangle', 'filter', 'nat'] as const) {
    const here = rules.filter((rule) => rule.table === table)
    if (here.length === 0) continue
    const own = new Set(here.map(({ chain }) => chain).filter((chain) => chain.includes('-')))
    const builtIn = kind === 'with built-in chains' ? builtInChains[table] : []
    out.push(`*${table}`)
    out.push(...builtIn.map((chain) => `:${chain} ACCEPT [0:0]`))
    out.push(...[...own].toSorted().map((chain) => `:${chain} - [0:0]`))
    out.push(...here.filter(({ rule }) => rule !== '').map(({ chain, rule }) => `-A ${chain} ${rule}`))
    out.push('COMMIT')
  }
  return `${out.join('\n')}\n`
}

function setLines({ family, peers, pod }: K3sNode): string {
  const { source, destination } = policySets(family)
  const type = `hash:ip family ${family === 4 ? 'inet' : 'inet6'} hashsize 1024 maxelem 65536 timeout 0`
  return [
    `create ${source} ${type}`,
    ...peers.map((peer) => `add ${source} ${peer} timeout 0`),
    `create ${destination} ${type}`,
    `add ${destination} ${pod} timeout 0`,
    '',
  ].join('\n')
}
