import { type AddressFamily, parseAddress } from '../../domain/cidr.ts'
import { familiesOf } from '../../k3s/addressing/address-plan.ts'
import { isSwitchedOn, itemsOf, type SettingText, scalarOf } from '../../k3s/config/effective-settings.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { isSurelyServer } from '../node-identity/nameless.ts'
import type { Finding, Rule } from '../rule.ts'
import type { NodeSubject } from '../subject.ts'
import { clusterFamiliesOf, flannelBackendOf, placeOfKey, plansOf, type ServerPlan } from './server-plans.ts'

export const familyMatch: Rule = {
  id: 'net-family-match',
  severity: 'error',
  title: 'cluster-cidr and service-cidr have different address families',
  why: 'every node refuses to start unless both have the same families and begin with the same one',
  fix: 'write one range per family in both, in the same order',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/agent/run.go'],
  check: (subject) =>
    plansOf(subject).flatMap(({ node, plan }): Finding[] => {
      const ranges = [...plan.pods, ...plan.services]
      // Two defaults are always of one family.
      if (ranges.some(({ cidr }) => cidr === undefined) || ranges.every(({ at }) => at === undefined)) return []
      const [pods, services] = [plan.pods, plan.services].map((list) =>
        printFamilies(list.map(({ cidr }) => cidr?.family)),
      )
      if (pods === services) return []
      const key = node.settings.has('service-cidr') ? 'service-cidr' : 'cluster-cidr'
      return [{ at: placeOfKey(node, key), what: `cluster-cidr has ${pods} and service-cidr has ${services}` }]
    }),
}

export const dualStackGate: Rule = {
  id: 'net-dualstack-gate',
  severity: 'error',
  title: 'address families that the release cannot have',
  why: 'the control plane takes two families since 1.21.0, flannel since 1.22.2, and they are documented since 1.23.7',
  fix: 'upgrade K3s first, or keep one family',
  versions: 'before 1.23.7',
  looksAt: ['settings'],
  sources: ['k3s-io/docs docs/networking/basic-network-options.md'],
  check(subject) {
    const usesFlannel = flannelBackendOf(subject) !== 'none'
    return plansOf(subject).flatMap(({ node, plan }): Finding[] => {
      const { version } = node
      const families = new Set(plan.pods.map(({ cidr }) => cidr?.family))
      if (version === undefined) return []
      if (families.has(6) && families.size === 1) return ipv6Alone({ node, plan }, version, usesFlannel)
      if (!families.has(4) || !families.has(6) || supports('dual-stack-stable', version)) return []
      const isRefused =
        !supports('dual-stack-control-plane', version) || (usesFlannel && !supports('dual-stack-flannel', version))
      return [
        {
          at: placeOfKey(node, 'cluster-cidr'),
          what: `cluster-cidr has two families, and ${version.text} ${isRefused ? 'cannot have them' : 'has them as an experiment only'}`,
          severity: isRefused ? 'error' : 'warning',
        },
      ]
    })
  },
}

/**
 * Releases before the documented ones take IPv6 alone where flannel carries it, and only with a node-ip and without the
 * network policy controller, which they have for IPv4.
 */
function ipv6Alone({ node, plan }: ServerPlan, version: K3sVersion, usesFlannel: boolean): Finding[] {
  if (familiesOf(plan, plan.pods) === undefined || supports('ipv6-only', version)) return []
  const { settings } = node
  const hasWorkarounds = isSwitchedOn(settings, 'disable-network-policy') && itemsOf(settings, 'node-ip').length > 0
  const isCarried =
    supports('dual-stack-control-plane', version) && (!usesFlannel || supports('dual-stack-flannel', version))
  return [
    {
      at: placeOfKey(node, 'cluster-cidr'),
      what: `cluster-cidr has IPv6 alone, and ${version.text} ${isCarried && hasWorkarounds ? 'has that as an experiment only' : 'cannot have that'}`,
      why: 'IPv6 alone is documented from 1.22.9 / 1.23.6 on; releases shortly before need node-ip and disable-network-policy for it',
      fix: 'upgrade K3s first, or take IPv4',
      severity: isCarried && hasWorkarounds ? 'warning' : 'error',
    },
  ]
}

export const ipv6Windows: Rule = {
  id: 'net-ipv6-windows',
  severity: 'error',
  title: 'IPv6 in a cluster with a Windows node',
  why: 'K3s on Windows refuses to start when the cluster has IPv6',
  fix: 'keep the cluster to IPv4, or move the Windows nodes to a cluster of their own',
  versions: 'every version',
  looksAt: ['settings', 'live'],
  sources: ['k3s-io/k3s pkg/agent/run.go'],
  check(subject) {
    const plans = plansOf(subject)
    if (clusterFamiliesOf(plans)?.includes(6) !== true) return []
    const at = plans.find(({ node }) => node.settings.has('cluster-cidr'))
    return subject.nodes.flatMap(({ name, facts }) =>
      facts.operatingSystem === 'windows'
        ? [
            {
              at: at === undefined ? subject.at : placeOfKey(at.node, 'cluster-cidr'),
              what: `node ${name} runs Windows, and cluster-cidr has IPv6`,
            },
          ]
        : [],
    )
  },
}

export const advertiseFamily: Rule = {
  id: 'net-advertise-family',
  severity: 'error',
  title: 'the address of the API server is of another family than the first service-cidr',
  why: 'the API server refuses to start: the Service kubernetes could not point to it',
  fix: 'set advertise-address to an address of the first family of service-cidr',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/cli/server/server.go', 'kubernetes/kubernetes pkg/controlplane/controller.go'],
  check: (subject) =>
    plansOf(subject).flatMap((server): Finding[] => {
      const advertised = advertisedAddress(server.node)
      if (advertised === undefined) return []
      const { key, item } = advertised
      if (key !== 'advertise-address' && !isSurelyServer(subject, server.node)) return []
      const address = parseAddress(item.text)
      if (address === undefined) {
        if (key !== 'advertise-address') return []
        return [{ at: item.at, what: `advertise-address ${JSON.stringify(item.text)} is no address` }]
      }
      const first = firstServiceFamily(server)
      if (first === undefined || first === address.family) return []
      return [
        {
          at: item.at,
          what: `${key} ${item.text} is what the API server announces, and service-cidr begins with IPv${first}`,
        },
      ]
    }),
}

/** The setting that the announced address comes from; the VPN integration replaces all of them. */
function advertisedAddress({
  settings,
}: NodeSubject): { readonly key: string; readonly item: SettingText } | undefined {
  if (settings.has('vpn-auth') || settings.has('vpn-auth-file')) return undefined
  const own = scalarOf(settings, 'advertise-address')
  if (own !== undefined && own.text !== '') return { key: 'advertise-address', item: own }
  for (const key of ['node-external-ip', 'node-ip']) {
    const item = itemsOf(settings, key).find(({ text }) => parseAddress(text) !== undefined)
    if (item !== undefined) return { key, item }
  }
  return undefined
}

function firstServiceFamily({ plan }: ServerPlan): AddressFamily | undefined {
  return familiesOf(plan, plan.services.slice(0, 1))?.[0]
}

function printFamilies(families: readonly (AddressFamily | undefined)[]): string {
  return families.map((family) => `IPv${family}`).join(', ')
}
