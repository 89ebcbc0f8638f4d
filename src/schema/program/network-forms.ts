import * as z from 'zod'
import { formatCidr, parseAddress, parseCidr } from '../../domain/cidr.ts'
import { filterProgramForm } from './packet-filter-forms.ts'

const network = z.string().refine((written) => {
  const cidr = parseCidr(written)
  return cidr !== undefined && formatCidr(cidr) === written
}, 'is no network in canonical form')
const address = z.string().refine((written) => parseAddress(written) !== undefined, 'is no address')
const device = z.string().regex(/^[A-Za-z0-9_.:-]{1,15}$/, 'is no name of an interface')
const text = z.string().regex(/^[^\p{Cc}]{0,1024}$/u, 'holds control characters, or is too long')
const family = z.union([z.literal(4), z.literal(6)])
const number32 = z.int().min(0).max(0xffff_ffff)
const mark = z.strictObject({ value: number32, mask: number32 })

const route = z.strictObject({
  kind: z.literal('route'),
  id: text,
  family,
  table: z.int().min(1).max(0xffff_ffff),
  to: network,
  metric: number32,
  type: z.enum(['unicast', 'blackhole', 'unreachable', 'prohibit']),
  nextHops: z
    .array(
      z.strictObject({
        via: address.optional(),
        dev: device.optional(),
        onlink: z.literal(true).optional(),
        weight: z.int().min(1).max(256).optional(),
      }),
    )
    .max(32),
  mtuBytes: z.int().min(68).max(65_535).optional(),
  preferredSource: address.optional(),
  onConflict: z.enum(['Refuse', 'Adopt']),
  origin: text,
})

const routingRule = z.strictObject({
  kind: z.literal('routing-rule'),
  id: text,
  family,
  priority: z.int().min(1).max(32_765),
  from: network.optional(),
  to: network.optional(),
  fwmark: mark.optional(),
  inInterface: device.optional(),
  outInterface: device.optional(),
  action: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('lookup'),
      table: z.int().min(1).max(0xffff_ffff),
      suppressPrefixBits: z.int().min(0).max(128).optional(),
    }),
    z.strictObject({ kind: z.enum(['blackhole', 'unreachable', 'prohibit']) }),
  ]),
  origin: text,
})

const sysctl = z.strictObject({
  kind: z.literal('sysctl'),
  id: text,
  key: z.string().regex(/^net\.[A-Za-z0-9_./:-]{1,250}$/, 'is no setting below net.'),
  path: z
    .array(z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,64}$/, 'is no part of a path'))
    .min(2)
    .max(8)
    .refine(([first]) => first === 'net', 'is not below net'),
  value: z.string().regex(/^[\x20-\x7e]{1,256}$/, 'is no value of a setting'),
  origin: text,
})

const podRoutes = z.strictObject({
  backend: z.enum(['host-gw', 'vxlan', 'wireguard-native']),
  directRouting: z.boolean(),
  clusterCIDRs: z.array(network).min(1),
  peers: z.array(z.strictObject({ node: text, podCIDRs: z.array(network), addresses: z.array(address) })),
  isComplete: z.boolean(),
})

const cleanup = z.strictObject({
  kind: z.literal('cleanup'),
  id: text,
  cleanup: z.enum([
    'network-policy',
    'vxlan-devices',
    'wireguard-devices',
    'legacy-backends',
    'flannel',
    'calico',
    'cilium',
    'kube-proxy',
    'servicelb',
  ]),
  origin: text,
  clusterCIDRs: z.array(network),
  keepDevices: z.array(device),
})

const hostOrAddress = z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/, 'is no host')
const port = z.int().min(1).max(65_535)

const probe = z.strictObject({
  name: text,
  check: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('tcp'), host: hostOrAddress, port }),
    z.strictObject({
      kind: z.literal('http'),
      url: z.string().regex(/^https?:\/\/[^\s@\p{Cc}]{1,1024}$/u, 'is no http or https address'),
      expectStatus: z.int().min(100).max(599).optional(),
    }),
    z.strictObject({ kind: z.literal('ping'), host: hostOrAddress }),
    z.strictObject({ kind: z.literal('gateway') }),
    z.strictObject({ kind: z.literal('dns'), name: hostOrAddress, server: address.optional() }),
    z.strictObject({ kind: z.literal('management'), peers: z.array(z.string()), ports: z.array(port) }),
  ]),
  timeoutMs: z.int().min(100).max(60_000),
})

const failsafe = z.strictObject({
  flows: z.array(
    z.strictObject({
      name: text,
      direction: z.enum(['input', 'output']),
      family,
      protocol: z.enum(['tcp', 'udp', 'icmp', 'icmpv6']),
      peers: z.array(network),
      port: port.optional(),
      icmpType: z.int().min(0).max(255).optional(),
    }),
  ),
})

/** What a NodeProgram says of a node's kernel, as it comes from a file or from the API. */
export const networkProgramForm = z.strictObject({
  plane: z.enum(['iptables', 'nft']),
  backend: z.enum(['nft', 'legacy']).optional(),
  filter: filterProgramForm.optional(),
  routes: z.array(route).max(1_000),
  routingRules: z.array(routingRule).max(100),
  sysctls: z.array(sysctl).max(1_000),
  podRoutes: podRoutes.optional(),
  cleanups: z.array(cleanup),
  cleanupsMayWiden: z.literal(true).optional(),
  probes: z.array(probe).max(100),
  failsafe,
  confirmTimeoutMs: z.int().min(10_000).max(3_600_000),
})
