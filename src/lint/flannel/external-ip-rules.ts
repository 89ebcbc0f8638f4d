import type { LocatedLine } from '../../domain/problem.ts'
import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, serversOf } from '../subject.ts'
import { knowsExternalIp } from './backend-rules.ts'
import { etcdServersOf, externalAddresses, internalAddresses, knowsNodes } from './node-addresses.ts'
import { flannelConfOf } from './pod-network.ts'
import { commonBits, isPublic } from './ranges.ts'

const since = '1.23.13 / 1.24.7 / 1.25.3 and later'
const sources = ['k3s-io/docs docs/networking/distributed-multicloud.md']

/** `flannel-external-ip`: nodes tunnel to one another's external addresses. */
export const externalIpRules: readonly Rule[] = [
  {
    id: 'fln-external-missing',
    severity: 'error',
    title: 'flannel over external addresses, and a node without one',
    why: 'the other nodes tunnel to its internal address, which they do not reach across sites; K3s only logs a warning',
    fix: 'give every node its node-external-ip (spec.externalIP of a NodeNetwork), or turn flannel-external-ip off',
    versions: since,
    looksAt: ['settings', 'live'],
    sources,
    check: (subject) => {
      if (switchedOnAt(subject) === undefined || !knowsNodes(subject)) return []
      return subject.nodes.flatMap((node) =>
        externalAddresses(node).length > 0 || node.facts.operatingSystem === 'windows'
          ? []
          : [{ at: node.at, what: `${node.name} has no node-external-ip and flannel-external-ip is on` }],
      )
    },
  },
  {
    id: 'fln-external-plain',
    severity: 'error',
    title: 'pod traffic over external addresses without encryption',
    why: 'everything that pods of different nodes say to each other can be read, and forged, on the way',
    fix: 'use the backend wireguard-native, or a VPN below the nodes',
    versions: since,
    looksAt: ['settings', 'live'],
    sources,
    check: (subject) => plainFindings(subject),
  },
  {
    id: 'fln-external-etcd',
    severity: 'warning',
    title: 'etcd members on different sites',
    why: 'K3s does not support embedded etcd across sites: its members talk over internal addresses and need low latency',
    fix: 'keep all servers at one site and spread agents only, or use an external datastore',
    versions: since,
    looksAt: ['settings', 'live'],
    sources,
    check: (subject) => {
      const at = switchedOnAt(subject)
      if (at === undefined || !knowsNodes(subject)) return []
      const [first, ...others] = etcdServersOf(subject)
      if (first === undefined) return []
      return others.flatMap((server) =>
        onOneSite(first, server)
          ? []
          : [{ at, what: `${first.name} and ${server.name} keep etcd together and are on different sites` }],
      )
    },
  },
  {
    id: 'fln-external-disable-stale',
    severity: 'warning',
    title: 'flannel-external-ip turned off where K3s leaves its traces',
    why: 'the Nodes keep the annotations flannel.alpha.coreos.com/public-ip-overwrite and public-ipv6-overwrite, and the others go on to tunnel to the external addresses',
    fix: 'after the restart delete both annotations from every Node and restart K3s there',
    versions: '1.23.13 / 1.24.7 / 1.25.3 and later, before 1.32.11+k3s3 / 1.33.7+k3s3 / 1.34.3+k3s3 / 1.35.0+k3s3',
    looksAt: ['before', 'settings'],
    sources,
    check: (subject) => {
      const { before, version } = subject
      if (before === undefined || version === undefined || supports('flannel-overwrite-cleanup', version)) return []
      if (switchedOnAt(before) === undefined || switchedOnAt(subject) !== undefined) return []
      const server = serversOf(subject)[0]
      if (server === undefined) return []
      const at = scalarOf(server.settings, 'flannel-external-ip')?.at ?? server.at
      return [{ at, what: `flannel-external-ip is turned off on ${version.text}` }]
    },
  },
]

/** Where the option is written, while it is on and K3s knows it. */
function switchedOnAt(subject: LintSubject): LocatedLine | undefined {
  if (!knowsExternalIp(subject)) return undefined
  const server = serversOf(subject).find(({ settings }) => isSwitchedOn(settings, 'flannel-external-ip'))
  return server === undefined ? undefined : scalarOf(server.settings, 'flannel-external-ip')?.at
}

function plainFindings(subject: LintSubject): readonly Finding[] {
  const at = switchedOnAt(subject)
  const types = subject.nodes.flatMap((node) => flannelConfOf(subject, node)?.backend.type ?? [])
  if (at === undefined || !types.includes('vxlan')) return []
  const exposed = subject.nodes.flatMap((node) => externalAddresses(node).filter(isPublic))[0]
  if (exposed === undefined) {
    return [
      { at, severity: 'warning', what: 'flannel-external-ip is on and the backend is vxlan, which does not encrypt' },
    ]
  }
  return [
    {
      at,
      what: `flannel-external-ip is on, the backend is vxlan, which does not encrypt, and ${exposed.text} is public`,
    },
  ]
}

type Server = LintSubject['nodes'][number]

/** Regions that differ, or internal addresses that no one site has together, are evidence of two sites. */
function onOneSite(a: Server, b: Server): boolean {
  const region = (server: Server): string | undefined => server.facts.labels['topology.kubernetes.io/region']
  if (region(a) !== undefined && region(b) !== undefined && region(a) !== region(b)) return false
  const [one] = internalAddresses(a)
  const other = internalAddresses(b).find((address) => address.family === one?.family)
  if (one === undefined || other === undefined) return true
  return commonBits(one, other) >= (one.family === 4 ? 8 : 32)
}
