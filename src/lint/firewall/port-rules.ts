import { wireguardPortV6 } from '../../k3s/flannel/flannel-conf.ts'
import type { InboundPort } from '../../k3s/ports/inbound-ports.ts'
import { backendState } from '../../k3s/version/flannel-backends.ts'
import { reaches } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { type ClosedPort, closedPorts } from './closed-ports.ts'
import { openEtcd } from './open-ports.ts'

const sources = ['k3s-io/docs docs/installation/requirements.md']
/** The releases of January 2024. */
const registrySince = ['1.26.13', '1.27.10', '1.28.6', '1.29.1']
const fix =
  'accept it in the packet filter of this machine from the addresses of the nodes, before the rule that closes it'

/**
 * Ports that the nodes of a cluster need of each other. Only what is found on a machine closes them: documents cannot, for
 * the failsafes come before every rule of theirs.
 */
export const portRules: readonly Rule[] = [
  {
    id: 'fw-backend-port',
    severity: 'error',
    title: "flannel's port is closed between nodes",
    why: 'pods on different nodes do not reach each other, nor Services whose pods are elsewhere, nor cluster DNS',
    fix,
    versions: 'every version',
    looksAt: ['settings', 'host'],
    sources,
    check: (subject) => closed(subject, ({ port }) => port.use === 'overlay' && !isSecondTunnel(port)),
  },
  {
    id: 'fw-wg-v6',
    severity: 'error',
    title: 'the IPv6 tunnel of WireGuard is closed between nodes',
    why: 'in mode separate each family has a tunnel and a port of its own; without this one pods lose each other over IPv6 only',
    fix: `${fix}: K3s takes ${wireguardPortV6} for IPv6`,
    versions: '1.21.12 / 1.22.9 / 1.23.6 and later',
    looksAt: ['settings', 'host'],
    sources,
    check: (subject) => {
      const { version } = subject
      // Before there is wireguard-native, K3s or its agents end over it.
      if (version !== undefined && backendState('wireguard-native', version) !== 'supported') return []
      return closed(subject, ({ port }) => port.use === 'overlay' && isSecondTunnel(port))
    },
  },
  {
    id: 'fw-api-port',
    severity: 'error',
    title: 'the API server is closed to nodes',
    why: 'agents and joining servers come through this port; nodes without it turn NotReady',
    fix,
    versions: 'every version',
    looksAt: ['settings', 'host'],
    sources,
    check: (subject) => closed(subject, ({ port }) => port.use === 'api'),
  },
  {
    id: 'fw-etcd',
    severity: 'error',
    title: 'etcd is closed to its members, or open to others',
    why: 'a member that the others do not reach takes no part, and two of three are needed; whoever else reaches it may try to read every Secret',
    fix: 'accept TCP 2379-2380 from the addresses of the servers, and drop it from everybody else',
    versions: 'every version',
    looksAt: ['settings', 'live', 'host'],
    sources,
    check: (subject) => [...closed(subject, ({ port }) => port.use === 'etcd'), ...openEtcd(subject)],
  },
  {
    id: 'fw-kubelet',
    severity: 'warning',
    title: 'the kubelet is closed to other nodes',
    why: 'metrics-server asks every kubelet there; kubectl top and autoscaling go blind, and on older releases kubectl logs and exec fail',
    fix,
    versions: 'every version',
    looksAt: ['settings', 'host'],
    sources,
    check: (subject) => closed(subject, ({ port }) => port.use === 'kubelet'),
  },
  {
    id: 'fw-registry',
    severity: 'error',
    title: 'the embedded registry is closed between nodes',
    why: 'nodes look for images of each other on TCP 5001 and fetch them on the port of the API server, on agents too',
    fix,
    versions: '1.26.13 / 1.27.10 / 1.28.6 / 1.29.1 and later',
    looksAt: ['settings', 'host'],
    sources: ['k3s-io/docs docs/installation/registry-mirror.md'],
    check: (subject) => {
      const { version } = subject
      if (version === undefined || !reaches(registrySince, version)) return []
      return closed(subject, ({ port }) => port.use === 'registry' || port.use === 'registry-peer')
    },
  },
]

function closed(subject: LintSubject, isMeant: (one: ClosedPort) => boolean): readonly Finding[] {
  return closedPorts(subject)
    .filter(isMeant)
    .map(({ at, what }) => ({ at, what }))
}

/** Ports that are bound to one family belong to WireGuard's separate tunnels. */
function isSecondTunnel({ family }: InboundPort): boolean {
  return family === 6
}
