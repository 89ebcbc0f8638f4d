import fc from 'fast-check'

const networks = fc.constantFrom('10.60.0.0/16', '10.61.0.0/16', '10.42.0.0/16', 'fd00:60::/48')
const gateway = fc.constantFrom('192.168.1.2', 'fd00::2')
const device = fc.constantFrom('eth0', 'wg0')
const table = fc.constantFrom(254, 255, 7100, 7101)

const route = fc.record(
  {
    to: networks,
    via: gateway,
    dev: device,
    type: fc.constantFrom('Unicast', 'Blackhole'),
    metric: fc.constantFrom(0, 100),
    table,
  },
  { requiredKeys: ['to', 'dev'] },
)

const routingRule = fc.record(
  {
    from: networks,
    to: networks,
    priority: fc.constantFrom(100, 5210, 5270, 5300),
    table,
    action: fc.constantFrom('Lookup', 'Prohibit'),
  },
  { requiredKeys: ['from', 'table'] },
)

const egress = fc.record(
  {
    name: fc.constantFrom('office', 'plant'),
    dev: device,
    via: gateway.map((one) => [one]),
    from: networks.map((one) => [one]),
    table: fc.constantFrom(7100, 7101),
  },
  { requiredKeys: ['name', 'dev'] },
)

const plane = fc.constantFrom(undefined, 'iptables', 'nft')

/** What a NodeNetwork asks of the kernel beside verdicts: a few entries that may contradict each other. */
export const anyKernelFields = fc.record({
  routes: fc.array(route, { maxLength: 3 }),
  routingRules: fc.array(routingRule, { maxLength: 3 }),
  egress: fc.oneof(
    { weight: 9, arbitrary: fc.array(egress, { maxLength: 3 }) },
    fc.constant(Array.from({ length: 16 }, () => ({ name: 'office', dev: 'wg0' }))),
  ),
  sysctls: fc.dictionary(
    fc.constantFrom(
      'net.ipv4.conf.wg0.rp_filter',
      'net.ipv4.ip_forward',
      'net.core.somaxconn',
      'net.netfilter.nf_log.2',
    ),
    fc.constantFrom('0', '1'),
    { maxKeys: 3 },
  ),
  firewall: fc.record({
    plane,
    marks: fc.array(
      fc.constantFrom(0x10, 0x4000).map((value) => ({ name: 'mark', value, mask: value })),
      { maxLength: 1 },
    ),
    clampMSS: fc.array(fc.constant({ name: 'clamp' }), { maxLength: 1 }),
  }),
})
