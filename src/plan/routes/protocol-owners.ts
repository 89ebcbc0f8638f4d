/**
 * Who writes routes under which number, for people.
 * @see iproute2 etc/iproute2/rt_protos, kernel include/uapi/linux/rtnetlink.h; node-networking §2.1
 */
const owners: Readonly<Record<number, string>> = {
  1: 'an ICMP redirect',
  2: 'the kernel',
  3: 'a command without a protocol, like ip route or flannel (boot)',
  4: 'an administrator (static)',
  9: 'a router advertisement (ra)',
  11: 'zebra',
  12: 'bird',
  16: 'DHCP',
  17: 'kube-router',
  18: 'keepalived',
  42: 'babel',
  80: 'Calico Felix',
  99: 'openr',
  186: 'FRR (bgp)',
  187: 'FRR (isis)',
  188: 'FRR (ospf)',
  189: 'FRR (rip)',
  192: 'FRR (eigrp)',
}

/** `Calico Felix (protocol 80)`. */
export function protocolOwner(protocol: number): string {
  const owner = owners[protocol]
  return owner === undefined ? `protocol ${protocol}` : `${owner}, protocol ${protocol}`
}
