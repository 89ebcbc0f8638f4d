import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import type { FilterChain, FilterProgram } from '../../../src/domain/packet-filter.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'
import { management, type Variant } from './kill-node.ts'

/**
 * Risky programs: one deny more, a deny with routes and a setting, and two that cut the management client off, by a
 * route and by a rule. The last two fail their probe.
 */
export const programKinds = ['deny', 'deny-and-routes', 'cut-by-route', 'cut-by-rule'] as const
export type ProgramKind = (typeof programKinds)[number]

export const confirmTimeoutMs = 10_000

const clusterSpec = `  rollout: { confirmTimeout: ${confirmTimeoutMs / 1000}s }
  probes:
    - { name: client, ping: { host: ${management.from} } }
    - { name: own-port, tcp: { host: ${management.address}, port: ${management.port} } }
`

/**
 * @param trial makes each program another one, as one that was taken back is not tried again
 */
export async function killProgram(kind: ProgramKind, trial: number, variant: Variant): Promise<NetworkProgram> {
  const port = 10_000 + (trial % 50_000)
  const routes = {
    deny: '',
    'deny-and-routes': `  routes:
    - { to: 10.60.${trial % 200}.0/24, via: 192.168.77.2, dev: eth0 }
    - { to: 10.61.${trial % 200}.0/24, via: 192.168.77.2, dev: eth0 }
  sysctls: { net.ipv4.conf.eth0.rp_filter: "${trial % 2}" }
`,
    'cut-by-route': `  routes: [{ to: 192.168.13.0/24, via: 192.168.77.99, dev: eth0 }]\n`,
    'cut-by-rule': '',
  }[kind]
  const network = await networkOfDocuments(
    `  firewall:
    plane: ${variant.plane}
    backend: ${variant.backend}
    input:
      - { name: lab-deny, protocol: tcp, ports: [${port}], action: Drop }
${routes}`,
    clusterSpec,
  )
  if (network?.filter === undefined) throw new Error('the documents make no packet filter')
  // Nobody told the guard of this port: otherwise such a rule would not be tried at all.
  const unguarded = { ...network, failsafe: { flows: [] } }
  return kind === 'cut-by-rule' ? { ...unguarded, filter: withCut(network.filter) } : unguarded
}

function withCut(filter: FilterProgram): FilterProgram {
  const cut: FilterChain = {
    name: 'FAIRLEAD-CUT',
    table: 'mangle',
    entry: { hook: 'PREROUTING', before: [], after: [] },
    rules: [
      {
        id: 'cutcutcutcut',
        match: {
          protocol: 'tcp',
          destinationPorts: { ranges: [{ first: management.port, last: management.port }], negated: false },
        },
        action: { kind: 'drop' },
        origin: { kind: 'document', file: 'clusters/home/nodes/n1.yaml', path: 'spec.firewall', name: 'cut' },
      },
    ],
  }
  const chains = [...filter.v4.chains, cut].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { ...filter, v4: { ...filter.v4, chains } }
}
