import fc from 'fast-check'
import type { NodeFacts } from '../../src/domain/facts.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import type { NodeSubject } from '../../src/lint/subject.ts'
import type { NodeNetwork } from '../../src/schema/documents.ts'
import { nodeNetworkSchema } from '../../src/schema/node-network.ts'
import { at, node } from '../lab/lint-subject.ts'
import { anyConfig } from './arbitrary-configs.ts'
import { anyRelease, awkwardText } from './arbitrary-documents.ts'
import { anyHost } from './arbitrary-hosts.ts'
import { anyJson } from './arbitrary-json.ts'
import { anyKernelFields } from './arbitrary-kernel.ts'
import { settings, text } from './arbitrary-settings.ts'

const labelKeys = fc.constantFrom(
  'svccontroller.k3s.cattle.io/enablelb',
  'svccontroller.k3s.cattle.io/lbpool',
  'svccontroller.k3s.cattle.io/tolerations',
  'svccontroller.k3s.cattle.io/priorityclassname',
  'lbpool.svccontroller.k3s.cattle.io/edge',
  'node-role.kubernetes.io/etcd',
  'app',
)
const labelText = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('true', 'true', 'edge', 'false') }, text)
/** Labels or annotations. */
export const textRecord = fc.dictionary(labelKeys, labelText, { maxKeys: 3 })

const address = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('192.168.1.11', '10.1.0.7', '203.0.113.9', '10.42.0.9', 'fd00:1::11') },
  text,
)
const taint = fc.record({
  key: fc.constantFrom(
    'node-role.kubernetes.io/control-plane',
    'dedicated',
    'node.cloudprovider.kubernetes.io/uninitialized',
  ),
  effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule'),
})

const anyNodeFacts: fc.Arbitrary<Partial<NodeFacts>> = fc.record(
  {
    labels: textRecord,
    addresses: fc.array(address, { maxLength: 2 }),
    externalAddresses: fc.array(address, { maxLength: 2 }),
    taints: fc.array(taint, { maxLength: 2 }),
    k3sVersion: anyRelease,
    annotations: fc.dictionary(fc.constantFrom('k3s.io/node-args', 'k3s.io/internal-ip'), text),
    isReady: fc.boolean(),
    operatingSystem: fc.constantFrom('linux', 'windows'),
  },
  { requiredKeys: [] },
)

const flannelBackend = fc.record(
  {
    Type: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('vxlan', 'host-gw', 'wireguard', 'ipsec', 'extension') },
      text,
    ),
    DirectRouting: fc.boolean(),
    MTU: fc.constantFrom(1450, 1500, 9000),
    PSK: fc.constantFrom('short', 'x'.repeat(96)),
    VNI: fc.constantFrom(1, 4096),
    Port: fc.constantFrom(8472, 4789, 8080),
    Mode: fc.constantFrom('separate', 'auto', 'ipv4', 'both'),
    ListenPort: fc.constantFrom(51_820, 51_821),
    ListenPortV6: fc.constantFrom(51_820, 51_821),
  },
  { requiredKeys: ['Type'] },
)

const flannelConf = fc
  .record(
    {
      Network: text,
      IPv6Network: text,
      EnableIPv4: fc.oneof(fc.boolean(), text),
      EnableIPv6: fc.boolean(),
      Backend: fc.oneof(anyJson, flannelBackend),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value))

const firewallRule = fc
  .record(
    {
      protocol: fc.constantFrom('tcp', 'udp'),
      ports: fc.subarray([22, 443, 6443, 8472, 10_250, 51_820, 51_821, 2379, 5001], { minLength: 1, maxLength: 2 }),
      from: fc.subarray(['192.168.1.0/24', '10.42.0.0/16', '0.0.0.0/0', '::/0'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .chain((rest) => fc.constantFrom('Accept', 'Drop').map((action) => ({ ...rest, action })))
  // Ports are those of a protocol.
  .map(({ protocol, ports, ...rest }) =>
    protocol === undefined || ports === undefined ? rest : { ...rest, protocol, ports },
  )
  // The schema takes no deny of everybody without ports.
  .filter(
    (rule) => rule.action === 'Accept' || 'ports' in rule || rule.from?.some((one) => one.endsWith('/0')) !== true,
  )

type KernelFields = typeof anyKernelFields extends fc.Arbitrary<infer Fields> ? Fields : never

function networkWith(
  name: string,
  rules: readonly Readonly<Record<string, unknown>>[],
  { firewall, ...kernel }: KernelFields,
): NodeNetwork {
  const named = rules.map((rule, index) => ({ name: `rule-${index}`, ...rule }))
  return nodeNetworkSchema.parse({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeNetwork',
    metadata: { name },
    spec: { nodes: { names: ['pi-1', 'pi-2'] }, firewall: { ...firewall, input: named, services: named }, ...kernel },
  })
}

/** A node that is told, has, or once had, something that a rule looks for. */
export const anyNode: fc.Arbitrary<NodeSubject> = fc
  .record({
    name: fc.constantFrom('pi-1', 'pi-2', 'every-server'),
    role: fc.constantFrom('server', 'agent'),
    settings,
    facts: anyNodeFacts,
    conf: fc.option(fc.oneof(awkwardText, { weight: 4, arbitrary: flannelConf }), { nil: undefined }),
    cniConf: fc.option(fc.constantFrom('{"plugins":[{"type":"flannel"}]}', '{', '{"plugins":[]}'), { nil: undefined }),
    release: anyRelease,
    config: fc.option(anyConfig, { nil: undefined }),
    host: fc.option(anyHost, { nil: undefined }),
    firewall: fc.array(firewallRule, { maxLength: 3 }),
    kernel: fc.array(anyKernelFields, { maxLength: 2 }),
  })
  .map(({ conf, cniConf, config, host, release, firewall, kernel, ...rest }) => {
    const version = parseK3sVersion(release)
    return node({
      ...rest,
      ...(version === undefined ? {} : { version }),
      ...(config === undefined ? {} : { config }),
      ...(host === undefined ? {} : { host }),
      networks: kernel.map((fields, index) => networkWith(`network-${index}`, index === 0 ? firewall : [], fields)),
      ...(conf === undefined ? {} : { flannelConf: { path: '/f.json', text: conf, at: at('/f.json') } }),
      ...(cniConf === undefined ? {} : { flannelCniConf: { path: '/c.json', text: cniConf, at: at('/c.json') } }),
    })
  })
