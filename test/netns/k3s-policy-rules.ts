import { hashOf, type K3sNode, type PlacedRule, policySets } from './k3s-node.ts'

const comment = (text: string): string => `-m comment --comment "${text}"`

/**
 * What the network policy controller of K3s writes for one pod and one policy.
 * @see cloudnativelabs/kube-router pkg/controllers/netpol/pod.go and policy.go
 */
export function kubeRouterRules(node: K3sNode): readonly PlacedRule[] {
  const lines = [
    ...['INPUT', 'FORWARD', 'OUTPUT'].map(
      (hook) => `${hook} ${comment(`kube-router netpol - ${hashOf(hook)}`)} -j KUBE-ROUTER-${hook}`,
    ),
    ...serviceReturns(node),
    'KUBE-ROUTER-FORWARD',
    'KUBE-ROUTER-OUTPUT',
    ...(node.podIsHere ? podLines(node) : []),
    ...['INPUT', 'FORWARD', 'OUTPUT'].map(
      (hook) =>
        `${hook} ${comment('KUBE-ROUTER rule to explicitly ACCEPT traffic that comply to network policies')} -m mark --mark 0x20000/0x20000 -j ACCEPT`,
    ),
  ]
  return lines.map((line) => {
    const [chain = '', ...rule] = line.split(' ')
    return { table: 'filter', chain, rule: rule.join(' ') }
  })
}

function serviceReturns({ serviceCidr }: K3sNode): readonly string[] {
  return [
    `KUBE-ROUTER-INPUT -d ${serviceCidr} ${comment(`allow traffic to primary/secondary cluster IP range - ${hashOf('range')}`)} -j RETURN`,
    ...['tcp', 'udp'].map(
      (protocol) =>
        `KUBE-ROUTER-INPUT -p ${protocol} ${comment(`allow LOCAL ${protocol.toUpperCase()} traffic to node ports - ${hashOf(protocol)}`)} -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN`,
    ),
  ]
}

function podLines({ family, pod }: K3sNode): readonly string[] {
  const address = `${pod}/${family === 4 ? 32 : 128}`
  const firewall = `KUBE-POD-FW-${hashOf('default/web')}`
  const policy = `KUBE-NWPLCY-${hashOf('default/allow-web')}`
  const { source, destination } = policySets(family)
  const jump = `${comment(`rule to jump traffic destined to POD name:web namespace: default to chain ${firewall}`)} -j ${firewall}`
  const allowed = 'ACCEPT traffic from source pods to dest pods selected by policy name allow-web namespace default'
  const refused = family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'
  return [
    `KUBE-ROUTER-FORWARD -d ${address} -m physdev --physdev-is-bridged ${jump}`,
    `KUBE-ROUTER-FORWARD -d ${address} ${jump}`,
    `KUBE-ROUTER-OUTPUT -d ${address} ${jump}`,
    `${firewall} ${comment('rule for stateful firewall for pod')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `${firewall} ${comment('rule to drop invalid state for pod')} -m conntrack --ctstate INVALID -j DROP`,
    `${firewall} -d ${address} ${comment("rule to permit the traffic traffic to pods when source is the pod\\'s local node")} -m addrtype --src-type LOCAL -j ACCEPT`,
    `${firewall} ${comment('run through nw policy allow-web')} -j ${policy}`,
    `${firewall} ${comment('rule to log dropped traffic POD name:web namespace: default')} -m mark ! --mark 0x10000/0x10000 -m limit --limit 10/min --limit-burst 10 -j NFLOG --nflog-group 100`,
    `${firewall} ${comment('rule to REJECT traffic destined for POD name:web namespace: default')} -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with ${refused}`,
    `${firewall} -j MARK --set-xmark 0x0/0x10000`,
    `${firewall} ${comment('set mark to ACCEPT traffic that comply to network policies')} -j MARK --set-xmark 0x20000/0x20000`,
    `${policy} -p tcp ${comment(`rule to ${allowed}`)} -m set --match-set ${destination} dst -m tcp --dport 8080 -j MARK --set-xmark 0x10000/0x10000`,
    `${policy} -p tcp ${comment(`rule to ${allowed}`)} -m set --match-set ${source} src -m set --match-set ${destination} dst -m tcp --dport 9090 -j MARK --set-xmark 0x10000/0x10000`,
    `${policy} -m mark --mark 0x10000/0x10000 -j RETURN`,
  ]
}
