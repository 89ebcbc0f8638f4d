import { hashOf, type K3sNode, type PlacedRule } from './k3s-node.ts'

const service = 'default/web:http'
const chains = {
  svc: `KUBE-SVC-${hashOf(`${service}tcp`)}`,
  svl: `KUBE-SVL-${hashOf(`${service}tcp`)}`,
  ext: `KUBE-EXT-${hashOf(`${service}tcp`)}`,
  sep: `KUBE-SEP-${hashOf(`${service}tcp endpoint`)}`,
} as const
const comment = (text: string): string => `-m comment --comment "${text}"`

/**
 * Chains and jumps of kube-proxy in iptables mode for the one Service of the lab.
 * @see kubernetes/kubernetes pkg/proxy/iptables/proxier.go
 */
export function kubeProxyRules(node: K3sNode): readonly PlacedRule[] {
  return [
    { table: 'mangle', chain: 'KUBE-PROXY-CANARY', rule: '' },
    { table: 'filter', chain: 'KUBE-PROXY-CANARY', rule: '' },
    { table: 'nat', chain: 'KUBE-PROXY-CANARY', rule: '' },
    ...filterRules.map((line) => placed('filter', line)),
    ...[...jumps, ...serviceRules(node), ...endpointRules(node)].map((line) => placed('nat', line)),
  ]
}

const portals = `-m conntrack --ctstate NEW ${comment('kubernetes service portals')} -j KUBE-SERVICES`
const external = `-m conntrack --ctstate NEW ${comment('kubernetes externally-visible service portals')} -j KUBE-EXTERNAL-SERVICES`
const loadBalancers = `-m conntrack --ctstate NEW ${comment('kubernetes load balancer firewall')} -j KUBE-PROXY-FIREWALL`

const filterRules: readonly string[] = [
  'KUBE-EXTERNAL-SERVICES',
  'KUBE-PROXY-FIREWALL',
  'KUBE-SERVICES',
  'KUBE-NODEPORTS',
  `INPUT ${loadBalancers}`,
  `INPUT ${comment('kubernetes health check service ports')} -j KUBE-NODEPORTS`,
  `INPUT ${external}`,
  `FORWARD ${loadBalancers}`,
  `FORWARD ${comment('kubernetes forwarding rules')} -j KUBE-FORWARD`,
  `FORWARD ${portals}`,
  `FORWARD ${external}`,
  `OUTPUT ${loadBalancers}`,
  `OUTPUT ${portals}`,
  'KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
  `KUBE-FORWARD ${comment('kubernetes forwarding rules')} -m mark --mark 0x4000/0x4000 -j ACCEPT`,
  `KUBE-FORWARD ${comment('kubernetes forwarding conntrack rule')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
]

const jumps: readonly string[] = [
  `PREROUTING ${comment('kubernetes service portals')} -j KUBE-SERVICES`,
  `OUTPUT ${comment('kubernetes service portals')} -j KUBE-SERVICES`,
  `POSTROUTING ${comment('kubernetes postrouting rules')} -j KUBE-POSTROUTING`,
  'KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
  'KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
  'KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0',
  `KUBE-POSTROUTING ${comment('kubernetes service traffic requiring SNAT')} -j MASQUERADE --random-fully`,
]

function serviceRules({ options, family, clusterIp, nodeAddresses }: K3sNode): readonly string[] {
  const host = family === 4 ? 32 : 128
  const loadBalancer = options.servicelb === true ? nodeAddresses : []
  const nodePort = options.nodePort === undefined ? [] : [options.nodePort]
  return [
    `KUBE-SERVICES -d ${clusterIp}/${host} -p tcp ${comment(`${service} cluster IP`)} -m tcp --dport 80 -j ${chains.svc}`,
    ...loadBalancer.map(
      (address) =>
        `KUBE-SERVICES -d ${address}/${host} -p tcp ${comment(`${service} loadbalancer IP`)} -m tcp --dport 80 -j ${chains.ext}`,
    ),
    `KUBE-SERVICES ${comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain')} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
    'KUBE-NODEPORTS',
    ...nodePort.map((port) => `KUBE-NODEPORTS -p tcp ${comment(service)} -m tcp --dport ${port} -j ${chains.ext}`),
  ]
}

function endpointRules(node: K3sNode): readonly string[] {
  const { family, clusterIp, clusterCidr, pod, podIsHere } = node
  const host = family === 4 ? 32 : 128
  const target = family === 4 ? `${pod}:8080` : `[${pod}]:8080`
  const toEndpoint = `${comment(`${service} -> ${target}`)} -j ${chains.sep}`
  const external =
    node.options.externalTrafficPolicy === 'Local'
      ? [
          `${chains.ext} -s ${clusterCidr} ${comment(`pod traffic for ${service} external destinations`)} -j ${chains.svc}`,
          `${chains.ext} ${comment(`masquerade LOCAL traffic for ${service} external destinations`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
          `${chains.ext} ${comment(`route LOCAL traffic for ${service} external destinations`)} -m addrtype --src-type LOCAL -j ${chains.svc}`,
          `${chains.ext} -j ${chains.svl}`,
          chains.svl,
          ...(podIsHere ? [`${chains.svl} ${toEndpoint}`] : []),
        ]
      : [
          `${chains.ext} ${comment(`masquerade traffic for ${service} external destinations`)} -j KUBE-MARK-MASQ`,
          `${chains.ext} -j ${chains.svc}`,
        ]
  return [
    ...external,
    `${chains.sep} -s ${pod}/${host} ${comment(service)} -j KUBE-MARK-MASQ`,
    `${chains.sep} -p tcp ${comment(service)} -m tcp -j DNAT --to-destination ${target}`,
    `${chains.svc} ! -s ${clusterCidr} -d ${clusterIp}/${host} -p tcp ${comment(`${service} cluster IP`)} -m tcp --dport 80 -j KUBE-MARK-MASQ`,
    `${chains.svc} ${toEndpoint}`,
  ]
}

function placed(table: PlacedRule['table'], line: string): PlacedRule {
  const [chain = '', ...rule] = line.split(' ')
  return { table, chain, rule: rule.join(' ') }
}
