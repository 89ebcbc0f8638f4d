export type ConfKeyType = 'boolean' | 'integer' | 'string' | 'ipv4-cidr' | 'ipv6-cidr' | 'object' | 'any'

/** One key of a flannel-conf file. flannel finds keys without regard to capitals. */
export interface ConfKey {
  readonly name: string
  readonly type: ConfKeyType
  /** For people. */
  readonly default?: string
  /** Why it has no effect in K3s. */
  readonly unused?: string
}

const fromPodCidr = 'K3s gives every node the range that Kubernetes assigned to it'

/** @see flannel-io/flannel pkg/subnet/config.go, Documentation/configuration.md; k3s-networking §3.3 */
export const topLevelKeys: readonly ConfKey[] = [
  { name: 'Network', type: 'ipv4-cidr' },
  { name: 'IPv6Network', type: 'ipv6-cidr' },
  { name: 'EnableIPv4', type: 'boolean', default: 'true' },
  { name: 'EnableIPv6', type: 'boolean', default: 'false' },
  { name: 'EnableNFTables', type: 'boolean', default: 'false', unused: 'K3s always drives iptables' },
  { name: 'SubnetLen', type: 'any', unused: fromPodCidr },
  { name: 'SubnetMin', type: 'any', unused: fromPodCidr },
  { name: 'SubnetMax', type: 'any', unused: fromPodCidr },
  { name: 'IPv6SubnetLen', type: 'any', unused: fromPodCidr },
  { name: 'IPv6SubnetMin', type: 'any', unused: fromPodCidr },
  { name: 'IPv6SubnetMax', type: 'any', unused: fromPodCidr },
  { name: 'Backend', type: 'object', default: 'udp, which K3s does not have' },
]

export type CompiledBackend = 'vxlan' | 'host-gw' | 'wireguard' | 'ipsec' | 'extension'

/**
 * What each backend reads of `Backend`, beside `Type`. These five are compiled into K3s; flannel's others are not.
 * @see k3s-io/k3s pkg/agent/flannel/flannel.go; flannel-io/flannel pkg/backend
 */
export const backendKeys: Readonly<Record<CompiledBackend, readonly ConfKey[]>> = {
  vxlan: [
    { name: 'VNI', type: 'integer', default: '1' },
    { name: 'Port', type: 'integer', default: '8472' },
    { name: 'MTU', type: 'integer', default: 'that of the interface' },
    { name: 'GBP', type: 'boolean', default: 'false' },
    { name: 'Learning', type: 'boolean', default: 'false' },
    { name: 'DirectRouting', type: 'boolean', default: 'false' },
    { name: 'MacPrefix', type: 'string', default: '0E-2A', unused: 'only Windows reads it' },
  ],
  'host-gw': [],
  wireguard: [
    { name: 'ListenPort', type: 'integer', default: '51820' },
    { name: 'ListenPortV6', type: 'integer', default: '51821' },
    { name: 'Mode', type: 'string', default: 'separate' },
    { name: 'MTU', type: 'integer', default: 'that of the interface' },
    { name: 'PSK', type: 'string' },
    { name: 'PersistentKeepaliveInterval', type: 'integer', default: '0' },
  ],
  ipsec: [
    { name: 'PSK', type: 'string' },
    { name: 'UDPEncap', type: 'boolean', default: 'false' },
    { name: 'ESPProposal', type: 'string', default: 'aes128gcm16-sha256-prfsha256-ecp256' },
  ],
  extension: [
    { name: 'PreStartupCommand', type: 'string' },
    { name: 'PostStartupCommand', type: 'string' },
    { name: 'ShutdownCommand', type: 'string' },
    { name: 'SubnetAddCommand', type: 'string' },
    { name: 'SubnetRemoveCommand', type: 'string' },
  ],
}

export function isCompiledBackend(name: string): name is CompiledBackend {
  return Object.hasOwn(backendKeys, name)
}
