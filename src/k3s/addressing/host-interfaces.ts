import { type Address, parseAddress } from '../../domain/cidr.ts'
import type { HostInterface } from '../../domain/host.ts'
import { unfitKindOf } from './address-kinds.ts'

/** Whether K3s, flannel or a CNI plugin made this interface, so that its addresses are those of pods or Services. */
export function isPodInterface({ name, type }: HostInterface): boolean {
  return type === 'veth' || podInterfaces.test(name)
}

/** Whether it leads to containers, virtual machines or a VPN, and not to the network that the machine stands in. */
export function isVirtualInterface(found: HostInterface): boolean {
  return isPodInterface(found) || virtualTypes.has(found.type ?? '') || virtualInterfaces.test(found.name)
}

/** The global unicast addresses of an interface, with their text. */
export function globalAddressesOf(
  found: HostInterface,
): readonly { readonly text: string; readonly address: Address }[] {
  return found.addresses.flatMap((written) => {
    const text = written.replace(/\/.*$/, '')
    const address = parseAddress(text)
    return address === undefined || unfitKindOf(address) !== undefined ? [] : [{ text, address }]
  })
}

const podInterfaces =
  /^(lo|cni\d+|cbr\d+|flannel[.-].*|kube-.*|nodelocaldns|veth.*|cali.*|vxlan\.calico|vxlan-v6\.calico|tunl\d+|cilium_.*|lxc[0-9a-f]+|antrea-.*|weave|ovn-.*)$/

const virtualInterfaces =
  /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12}|podman\d+|virbr\d+|vnet\d+|lxcbr\d+|lxdbr\d+|incusbr\d+|tailscale\d+|wg\d+|tun\d+|tap.*|zt.*|dummy\d+)$/

const virtualTypes: ReadonlySet<string> = new Set([
  'veth',
  'vxlan',
  'wireguard',
  'tun',
  'dummy',
  'ipip',
  'sit',
  'geneve',
])
