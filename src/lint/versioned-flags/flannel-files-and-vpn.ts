import { scalarOf } from '../../k3s/config/effective-settings.ts'
import { type Feature, gateOf, supports } from '../../k3s/version/feature-gates.ts'
import { printFloors } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { flagsOutsideTheirReleases } from './flag-gates.ts'
import { releaseOf } from './node-release.ts'

export const flannelFileAndVpnRules: readonly Rule[] = [
  {
    id: 'ver-flannel-cni-conf',
    severity: 'error',
    title: 'flannel-cni-conf in a release that does not use it',
    why: 'pods get the network that K3s generates, whatever the file says',
    fix: 'use a release that reads it, or do without the file',
    versions:
      'before 1.22.11 / 1.23.8 / 1.24.2; 1.32.11, 1.33.7, 1.34.3 and 1.35.0 up to the releases of September 2026',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s#5655', 'k3s-io/k3s#14597'],
    check: (subject) => [
      ...flagsOutsideTheirReleases(subject, ['flannel-cni-conf']),
      ...subject.nodes.flatMap((node) => ignoredCniConf(subject, node)),
    ],
  },
  {
    id: 'ver-vpn',
    severity: 'error',
    title: 'vpn-auth, or a part of it, in a release without it',
    why: 'K3s does not start, or does without what it does not know',
    fix: 'upgrade K3s, or take that part away',
    versions: 'before 1.25.11 / 1.26.6 / 1.27.3; controlServerURL before 1.27.4; extraArgs before 1.28.3',
    looksAt: ['settings'],
    sources: ['k3s-io/docs docs/networking/distributed-multicloud.md'],
    check: (subject) => [
      ...flagsOutsideTheirReleases(subject, ['vpn-auth', 'vpn-auth-file']).map(withoutLine),
      ...subject.nodes.flatMap((node) => youngVpnParts(subject, node)),
    ],
  },
]

function ignoredCniConf(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const version = releaseOf(node, subject)
  const value = scalarOf(node.settings, 'flannel-cni-conf')
  if (version === undefined || value === undefined || value.text === '') return []
  if (!supports('flannel-cni-conf-ignored', version)) return []
  return [
    {
      at: value.at,
      what: `K3s ${version.text} accepts flannel-cni-conf and does not read it`,
      fix: `use ${printFloors(gateOf('flannel-cni-conf-ignored').until ?? [])} or later of that branch`,
    },
  ]
}

const vpnParts: readonly { readonly name: string; readonly feature: Feature }[] = [
  { name: 'controlServerURL', feature: 'vpn-control-server' },
  { name: 'extraArgs', feature: 'vpn-extra-arguments' },
]

function youngVpnParts(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const version = releaseOf(node, subject)
  const value = scalarOf(node.settings, 'vpn-auth')
  if (version === undefined || value === undefined) return []
  return vpnParts
    .filter(({ name, feature }) => new RegExp(`(^|,)\\s*${name}=`).test(value.text) && !supports(feature, version))
    .map(({ name, feature }) =>
      withoutLine({
        at: value.at,
        what: `K3s ${version.text} does not know ${name} in vpn-auth: it begins with ${printFloors(gateOf(feature).since ?? [])}`,
      }),
    )
}

/** The line holds the key of the VPN. */
function withoutLine(finding: Finding): Finding {
  return { ...finding, at: { place: finding.at.place } }
}
