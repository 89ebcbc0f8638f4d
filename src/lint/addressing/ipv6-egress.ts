import { isUniqueLocal } from '../../k3s/addressing/address-kinds.ts'
import { familiesOf } from '../../k3s/addressing/address-plan.ts'
import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { findFlag, flagState } from '../../k3s/flags/flag-catalogue.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { knowsFlag } from '../versioned-flags/known-flag.ts'
import { clusterFamiliesOf, flannelBackendOf, plansOf } from './server-plans.ts'

const flagName = 'flannel-ipv6-masq'

export const ulaMasquerade: Rule = {
  id: 'net-ipv6-ula-masq',
  severity: 'warning',
  title: 'pods have IPv6 addresses that the internet does not know, and nothing masquerades them',
  why: 'answers from outside never come back: pods have no IPv6 beyond the nodes, although they think they have',
  fix: 'set flannel-ipv6-masq: true, or give pods a range that is routed to the nodes',
  versions: '1.22.6 / 1.23.2 and later',
  looksAt: ['settings'],
  sources: ['k3s-io/docs docs/networking/basic-network-options.md'],
  check(subject) {
    if (flannelBackendOf(subject) === 'none') return []
    const flag = findFlag(flagName)
    return plansOf(subject).flatMap(({ node, plan }): Finding[] => {
      const { version, settings } = node
      if (flag === undefined || version === undefined || flagState(flag, version) !== 'supported') return []
      if (isSwitchedOn(settings, flagName) || familiesOf(plan, plan.pods) === undefined) return []
      return plan.pods.flatMap(({ text, cidr, at }) =>
        cidr === undefined || !isUniqueLocal(cidr)
          ? []
          : [{ at: at ?? node.at, what: `cluster-cidr ${text} is of unique local addresses, and ${flagName} is off` }],
      )
    })
  },
}

export const masqueradeWithoutEffect: Rule = {
  id: 'net-ipv6-masq-noop',
  severity: 'warning',
  title: 'flannel-ipv6-masq has no effect',
  why: 'flannel masquerades IPv6 only where it carries IPv6',
  fix: 'leave flannel-ipv6-masq out, or give the cluster an IPv6 range when it is built',
  versions: '1.22.6 / 1.23.2 and later',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/agent/flannel/flannel.go'],
  check: (subject) =>
    plansOf(subject).flatMap(({ node, plan }): Finding[] => {
      const written = scalarOf(node.settings, flagName)
      if (written === undefined || !isSwitchedOn(node.settings, flagName) || !knowsFlag(subject, node, flagName))
        return []
      if (flannelBackendOf(subject) === 'none') {
        return [{ at: written.at, what: `${flagName} is set, and flannel-backend is none` }]
      }
      const families = familiesOf(plan, plan.pods)
      if (families === undefined || families.includes(6)) return []
      return [{ at: written.at, what: `${flagName} is set, and cluster-cidr has no IPv6 range` }]
    }),
}

export const acceptRouterAdvertisements: Rule = {
  id: 'net-accept-ra',
  severity: 'warning',
  title: 'the IPv6 default route comes from a router, and the kernel stops listening to it',
  why: 'K3s turns IPv6 forwarding on, the kernel then ignores advertisements, and the route ends when its time is up',
  fix: 'set net.ipv6.conf.INTERFACE.accept_ra to 2 before K3s starts, or configure the route',
  versions: 'every version',
  looksAt: ['settings', 'host'],
  sources: [
    'k3s-io/docs docs/networking/basic-network-options.md',
    'kernel.org Documentation/networking/ip-sysctl.rst',
  ],
  check(subject) {
    if (!isIpv6Cluster(subject)) return []
    return subject.nodes.flatMap((node) => {
      const routes = node.host?.network?.defaultRoutes ?? []
      const devices = routes.flatMap(({ family, protocol, device }) =>
        family === 6 && protocol === 'ra' ? [device] : [],
      )
      return [...new Set(devices)].flatMap((device): Finding[] => {
        // 0 leaves advertisements to a daemon, which goes on listening.
        if (acceptRa(node, device) !== '1') return []
        const what = `the IPv6 default route of ${node.name} through ${device} is advertised, and accept_ra of ${device} is 1`
        return [
          {
            at: node.at,
            what,
            fix: `set net.ipv6.conf.${device}.accept_ra to 2 before K3s starts, or configure the route`,
          },
        ]
      })
    })
  },
}

/** What the node will have: what the repository sets, else what the kernel has now. */
function acceptRa({ host, networks }: NodeSubject, device: string): string | undefined {
  // sysctl writes a dot inside the name of an interface as a slash.
  const names = [device, device.replaceAll('.', '/')].map((name) => `net.ipv6.conf.${name}.accept_ra`)
  const wanted = networks.flatMap(({ spec }) => names.map((name) => spec.sysctls[name]))
  const found = names.map((name) => host?.sysctls?.[name])
  return [...wanted, ...found].find((value) => value !== undefined)?.trim()
}

function isIpv6Cluster(subject: LintSubject): boolean {
  return serversOf(subject).length > 0 && clusterFamiliesOf(plansOf(subject))?.includes(6) === true
}
