import { holdsPort, type PortRange, parsePortRange } from '../../k3s/addressing/port-range.ts'
import { itemsOf, scalarOf } from '../../k3s/config/effective-settings.ts'
import { toldServers } from '../consistency/told-nodes.ts'
import { holdsEtcd } from '../node-identity/embedded-etcd.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { knowsFlag } from '../versioned-flags/known-flag.ts'
import { flannelBackendOf } from './server-plans.ts'

const key = 'service-node-port-range'

export const nodePortRange: Rule = {
  id: 'net-nodeport-range',
  severity: 'error',
  title: 'service-node-port-range is no range of ports',
  why: 'K3s refuses to start over it',
  fix: 'write the first and the last port, between 1 and 65535, like 30000-32767',
  versions: '1.20.4 and later',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/cli/server/server.go', 'kubernetes/kubernetes apimachinery pkg/util/net/port_range.go'],
  check: (subject) =>
    knowingServers(subject).flatMap(({ settings }): Finding[] => {
      const written = scalarOf(settings, key)
      if (written === undefined) return []
      const range = parsePortRange(written.text)
      if (range !== undefined && range.first > 0) return []
      return [{ at: written.at, what: `${key} ${JSON.stringify(written.text)} is no range of ports` }]
    }),
}

export const nodePortReserved: Rule = {
  id: 'net-nodeport-reserved',
  severity: 'error',
  title: 'service-node-port-range covers ports that the node needs itself',
  why: 'a Service that is given such a port takes it from K3s on every node, and the node or the cluster is cut off',
  fix: 'take a range that keeps clear of them, like 30000-32767',
  versions: '1.20.4 and later',
  looksAt: ['settings', 'live', 'host'],
  sources: ['k3s-io/docs docs/installation/requirements.md'],
  check: (subject) =>
    knowingServers(subject).flatMap((node): Finding[] => {
      const written = scalarOf(node.settings, key)
      const range = written === undefined ? undefined : parsePortRange(written.text)
      if (written === undefined || range === undefined) return []
      const taken = ownPorts(subject, node).filter(({ port }) => holdsPort(range, port))
      const contested = contestedPorts(subject, range)
      return [
        ...(taken.length === 0 ? [] : [{ at: written.at, what: covers(written.text, taken.map(printOwn)) }]),
        ...contested.map(
          ({ what, why }) =>
            ({ at: written.at, what: covers(written.text, [what]), severity: 'warning', why }) as const,
        ),
      ]
    }),
}

function knowingServers(subject: LintSubject): readonly NodeSubject[] {
  return serversOf(subject).filter((server) => knowsFlag(subject, server, key))
}

interface OwnPort {
  readonly port: number
  readonly owner: string
}

function ownPorts(subject: LintSubject, node: NodeSubject): readonly OwnPort[] {
  const api = Number(scalarOf(node.settings, 'https-listen-port')?.text ?? 6443)
  const backend = flannelBackendOf(subject)
  const isWireguard = backend === 'wireguard-native'
  return [
    { port: api, owner: 'the API server' },
    { port: 10_250, owner: 'the kubelet' },
    { port: 6444, owner: 'the local balancer of agents' },
    ...(holdsEtcd(node) ? [2379, 2380, 2381, 2382].map((port) => ({ port, owner: 'etcd' })) : []),
    ...(backend === 'vxlan' ? [{ port: 8472, owner: 'flannel' }] : []),
    ...(isWireguard ? [51_820, 51_821].map((port) => ({ port, owner: 'flannel' })) : []),
  ]
}

/** Ports that go wrong with some Services or connections only. */
function contestedPorts(
  subject: LintSubject,
  range: PortRange,
): readonly { readonly what: string; readonly why: string }[] {
  const ephemeral = ephemeralRange(subject)
  const isCrossing = range.first <= ephemeral.last && ephemeral.first <= range.last
  const web = [80, 443].filter((port) => holdsPort(range, port))
  return [
    ...(isCrossing
      ? [
          {
            what: `ports ${ephemeral.first}-${ephemeral.last}, which the kernel gives to outgoing connections`,
            why: 'connections of the node that happen to have the port of a Service break',
          },
        ]
      : []),
    ...(web.length > 0 && usesServiceLb(subject)
      ? [
          {
            what: `${web.join(' and ')}, which ServiceLB takes for ingress`,
            why: 'a Service with such a node port takes the traffic of the ingress controller',
          },
        ]
      : []),
  ]
}

function ephemeralRange({ nodes }: LintSubject): PortRange {
  const texts = nodes.flatMap(({ host }) => host?.sysctls?.['net.ipv4.ip_local_port_range'] ?? [])
  const known = texts[0] === undefined ? undefined : parsePortRange(texts[0].trim().replace(/\s+/, '-'))
  return known ?? { first: 32_768, last: 60_999 }
}

function usesServiceLb(subject: LintSubject): boolean {
  return serversOf(subject).every(
    ({ settings }) => !itemsOf(settings, 'disable').some(({ text }) => text.trim() === 'servicelb'),
  )
}

function covers(range: string, what: readonly string[]): string {
  return `${key} ${range} covers ${what.join(', ')}`
}

function printOwn({ port, owner }: OwnPort): string {
  return `${port} of ${owner}`
}

export const nodePortShrink: Rule = {
  id: 'net-nodeport-shrink',
  severity: 'warning',
  title: 'a Service has a node port outside service-node-port-range',
  why: 'it keeps the port until the Service is changed or made anew, and then gets another or none',
  fix: 'give the Service a port of the new range first, and tell its clients; or keep the port in the range',
  versions: '1.20.4 and later',
  looksAt: ['settings', 'live'],
  sources: ['kubernetes/kubernetes pkg/registry/core/service/portallocator/controller/repair.go'],
  check(subject) {
    const server = toldServers(subject).find((one) => knowsFlag(subject, one, key))
    const written = server === undefined ? undefined : scalarOf(server.settings, key)
    // A repository that does not write it leaves the range to the machine.
    if (server === undefined || (written === undefined && subject.scope === 'repository')) return []
    const text = written?.text ?? '30000-32767'
    const range = parsePortRange(text)
    if (range === undefined) return []
    return subject.services.flatMap(({ service, origin, at }) =>
      (origin === 'live' ? (service.ports ?? []) : []).flatMap(({ nodePort }): Finding[] => {
        if (nodePort === undefined || nodePort === 0 || holdsPort(range, nodePort)) return []
        const what = `Service ${service.namespace}/${service.name} has node port ${nodePort}, and ${key} is ${text}`
        return [{ at: written?.at ?? at, what }]
      }),
    )
  },
}
