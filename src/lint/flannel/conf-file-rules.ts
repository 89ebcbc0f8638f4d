import { formatCidr } from '../../domain/cidr.ts'
import type { FlannelConf } from '../../k3s/flannel/flannel-conf.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { type ConfSubject, confFilesOf, podFamilies, podNetworkOf } from './pod-network.ts'

const flannelDocs = 'flannel-io/flannel Documentation/configuration.md, Documentation/backends.md'
const everyVersion = 'every version'

/** What stands in a flannel-conf file against the cluster that it is for. */
export const confFileRules: readonly Rule[] = [
  {
    id: 'fln-conf-json',
    severity: 'error',
    title: 'a flannel-conf file that flannel cannot read',
    why: 'flannel decodes it strictly, without comments or missing commas; when it fails, flannel exits and K3s with it',
    fix: 'write valid JSON with the types of the flannel documentation',
    versions: everyVersion,
    looksAt: ['host', 'settings'],
    sources: [flannelDocs, 'flannel-io/flannel pkg/subnet/config.go'],
    check: (subject) =>
      confFilesOf(subject).flatMap(({ file, reading }) =>
        reading.ok ? [] : reading.error.map(({ what }) => ({ at: file.at, what: `${file.path} ${what}` })),
      ),
  },
  {
    id: 'fln-conf-network',
    severity: 'error',
    title: 'a flannel network that is not the cluster range',
    why: 'flannel routes and masquerades by its own network, while nodes get their pod ranges from cluster-cidr',
    fix: 'write the range of cluster-cidr, or take the flannel-conf file away',
    versions: everyVersion,
    looksAt: ['host', 'settings'],
    sources: [flannelDocs],
    check: (subject) => readableConfs(subject).flatMap(({ file, conf }) => networkFindings(subject, file, conf)),
  },
  {
    id: 'fln-conf-families',
    severity: 'error',
    title: 'flannel enabled for other address families than the cluster has',
    why: 'flannel waits for a pod range, or fails for an address, of a family that the cluster does not have',
    fix: 'set EnableIPv4 and EnableIPv6 by the families of cluster-cidr',
    versions: everyVersion,
    looksAt: ['host', 'settings'],
    sources: [flannelDocs, 'k3s-io/k3s pkg/agent/flannel/setup.go'],
    check: (subject) => {
      const network = podNetworkOf(subject)
      if (network === undefined) return []
      const families = podFamilies(network)
      return readableConfs(subject).flatMap(({ file, conf }) =>
        ([4, 6] as const).flatMap((family) => {
          const isOn = family === 4 ? conf.enableIPv4 : conf.enableIPv6
          if (isOn === families.includes(family)) return []
          const what = `${file.path}: EnableIPv${family} is ${isOn} and cluster-cidr has ${isOn ? 'no' : 'an'} IPv${family} range`
          return [{ at: file.at, what }]
        }),
      )
    },
  },
  {
    id: 'fln-conf-backend',
    severity: 'error',
    title: 'a flannel backend that K3s does not contain',
    why: 'only vxlan, host-gw, wireguard, ipsec and extension are compiled in; without a Backend flannel wants udp',
    fix: 'write one of them as Backend.Type',
    versions: everyVersion,
    looksAt: ['host', 'settings'],
    sources: ['k3s-io/k3s pkg/agent/flannel/flannel.go'],
    check: (subject) =>
      unknownBackends(subject).flatMap(({ file, name }) => {
        if (name.toLowerCase() === 'wireguard-native') return []
        return [{ at: file.at, what: `${file.path}: Backend.Type is ${JSON.stringify(name)}` }]
      }),
  },
  {
    id: 'fln-conf-wgnative',
    severity: 'error',
    title: "K3s's name of the WireGuard backend in flannel's file",
    why: 'wireguard-native is the value of flannel-backend; flannel itself calls that backend wireguard and knows no other',
    fix: 'write "Type": "wireguard"',
    versions: everyVersion,
    looksAt: ['host', 'settings'],
    sources: ['k3s-io/k3s pkg/agent/flannel/setup.go'],
    check: (subject) =>
      unknownBackends(subject).flatMap(({ file, name }) => {
        if (name.toLowerCase() !== 'wireguard-native') return []
        return [{ at: file.at, what: `${file.path}: Backend.Type is "wireguard-native"` }]
      }),
  },
  {
    id: 'fln-directrouting-type',
    severity: 'error',
    title: 'direct routing without the vxlan backend',
    why: 'only the vxlan backend knows it; every other one passes over it',
    fix: 'use backend vxlan, or take directRouting away',
    versions: everyVersion,
    looksAt: ['host', 'settings'],
    sources: ['flannel-io/flannel Documentation/backends.md'],
    check: (subject) => [...writtenDirectRouting(subject), ...ignoredDirectRouting(subject)],
  },
]

/** Files that flannel can decode. */
function readableConfs(
  subject: LintSubject,
): readonly { readonly file: ConfSubject['file']; readonly conf: FlannelConf }[] {
  return confFilesOf(subject).flatMap(({ file, reading }) => (reading.ok ? [{ file, conf: reading.value }] : []))
}

function networkFindings(subject: LintSubject, file: ConfSubject['file'], conf: FlannelConf): readonly Finding[] {
  const network = podNetworkOf(subject)
  if (network === undefined) return []
  return ([4, 6] as const).flatMap((family) => {
    const [key, isOn, written] =
      family === 4
        ? (['Network', conf.enableIPv4, conf.network] as const)
        : (['IPv6Network', conf.enableIPv6, conf.ipv6Network] as const)
    const range = network.clusterCidrs.find((cidr) => cidr.family === family)
    if (!isOn || range === undefined || written === formatCidr(range)) return []
    const said = written === undefined ? `${key} is missing` : `${key} is ${written}`
    return [{ at: file.at, what: `${file.path}: ${said} and cluster-cidr is ${formatCidr(range)}` }]
  })
}

function unknownBackends(
  subject: LintSubject,
): readonly { readonly file: ConfSubject['file']; readonly name: string }[] {
  return readableConfs(subject).flatMap(({ file, conf }) =>
    conf.backend.type === 'unknown' ? [{ file, name: conf.backend.name }] : [],
  )
}

function writtenDirectRouting({ desired }: LintSubject): readonly Finding[] {
  if (desired === undefined) return []
  const { plugin, flannel } = desired.cluster.spec.cni
  if (plugin !== 'flannel' || !flannel.directRouting || flannel.backend === 'vxlan') return []
  return [
    {
      at: desired.places.clusterPlace(['spec', 'cni', 'flannel', 'directRouting']),
      what: `directRouting is on and the backend is ${flannel.backend}`,
    },
  ]
}

function ignoredDirectRouting(subject: LintSubject): readonly Finding[] {
  return readableConfs(subject).flatMap(({ file, conf }) =>
    conf.unusedKeys.some((key) => key.toLowerCase() === 'backend.directrouting')
      ? [{ at: file.at, what: `${file.path}: DirectRouting is written and Backend.Type is ${conf.backend.type}` }]
      : [],
  )
}
