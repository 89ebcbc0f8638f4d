import { hashOf, type K3sNode, type PlacedRule } from './k3s-node.ts'

/** @see kubernetes/kubernetes pkg/kubelet/kubelet_network_linux.go */
export function kubeletRules({ family }: K3sNode): readonly PlacedRule[] {
  const localnet =
    '! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP'
  return [
    { table: 'mangle', chain: 'KUBE-IPTABLES-HINT', rule: '' },
    { table: 'mangle', chain: 'KUBE-KUBELET-CANARY', rule: '' },
    { table: 'filter', chain: 'KUBE-KUBELET-CANARY', rule: '' },
    { table: 'nat', chain: 'KUBE-KUBELET-CANARY', rule: '' },
    { table: 'filter', chain: 'INPUT', rule: '-j KUBE-FIREWALL' },
    { table: 'filter', chain: 'OUTPUT', rule: '-j KUBE-FIREWALL' },
    { table: 'filter', chain: 'KUBE-FIREWALL', rule: family === 4 ? localnet : '' },
  ]
}

/** @see flannel-io/flannel pkg/trafficmngr/iptables; `bare` as K3s 1.21 wrote them */
export function flannelRules(node: K3sNode): readonly PlacedRule[] {
  const { family, options, clusterCidr: all, podCidr: own } = node
  const masquerades = family === 4 || options.ipv6Masquerade === true
  const multicast = family === 4 ? '224.0.0.0/4' : 'ff00::/8'
  if (options.flannel === 'bare') {
    const nat = [
      `-s ${all} -d ${all} -j RETURN`,
      `-s ${all} ! -d ${multicast} -j MASQUERADE --random-fully`,
      `! -s ${all} -d ${own} -j RETURN`,
      `! -s ${all} -d ${all} -j MASQUERADE --random-fully`,
    ]
    return [
      ...(masquerades ? nat.map((rule) => ({ table: 'nat', chain: 'POSTROUTING', rule }) as const) : []),
      { table: 'filter', chain: 'FORWARD', rule: `-s ${all} -j ACCEPT` },
      { table: 'filter', chain: 'FORWARD', rule: `-d ${all} -j ACCEPT` },
    ]
  }
  const masq = '-m comment --comment "flanneld masq"'
  const forward = '-m comment --comment "flanneld forward"'
  const nat = [
    `-m mark --mark 0x4000/0x4000 ${masq} -j RETURN`,
    `-s ${own} -d ${all} ${masq} -j RETURN`,
    `-s ${all} -d ${own} ${masq} -j RETURN`,
    `! -s ${all} -d ${own} ${masq} -j RETURN`,
    `-s ${all} ! -d ${multicast} ${masq} -j MASQUERADE --random-fully`,
    `! -s ${all} -d ${all} ${masq} -j MASQUERADE --random-fully`,
  ]
  return [
    ...(masquerades
      ? [
          { table: 'nat', chain: 'POSTROUTING', rule: `${masq} -j FLANNEL-POSTRTG` } as const,
          ...nat.map((rule) => ({ table: 'nat', chain: 'FLANNEL-POSTRTG', rule }) as const),
        ]
      : []),
    { table: 'filter', chain: 'FORWARD', rule: `${forward} -j FLANNEL-FWD` },
    { table: 'filter', chain: 'FLANNEL-FWD', rule: `-s ${all} ${forward} -j ACCEPT` },
    { table: 'filter', chain: 'FLANNEL-FWD', rule: `-d ${all} ${forward} -j ACCEPT` },
  ]
}

/** @see containernetworking/plugins plugins/meta/portmap/portmap.go */
export function portmapRules(node: K3sNode): readonly PlacedRule[] {
  const { hostPort, servicelb } = node.options
  const pods = [
    ...(hostPort === undefined || !node.podIsHere ? [] : [{ container: hashOf('web').toLowerCase(), port: hostPort }]),
    ...(servicelb === true && node.podIsHere ? [{ container: hashOf('svclb-web').toLowerCase(), port: 80 }] : []),
  ]
  if (pods.length === 0) return []
  const lines = [
    'PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    'OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    'POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
    'CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE',
    'CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000',
    ...pods.flatMap(({ container, port }) => podLines(node, container, port)),
  ]
  return lines.map((line) => {
    const [chain = '', ...rule] = line.split(' ')
    return { table: 'nat', chain, rule: rule.join(' ') }
  })
}

function podLines({ family, podCidr, pod }: K3sNode, container: string, port: number): readonly string[] {
  const chain = `CNI-DN-${hashOf(container).toLowerCase()}abcde`
  const target = family === 4 ? `${pod}:8080` : `[${pod}]:8080`
  return [
    `CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"${container}\\"" -m multiport --dports ${port} -j ${chain}`,
    `${chain} -s ${podCidr} -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
    ...(family === 4 ? [`${chain} -s 127.0.0.1/32 -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`] : []),
    `${chain} -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${target}`,
  ]
}
