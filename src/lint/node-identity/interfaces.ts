import { type AddressFamily, parseAddress } from '../../domain/cidr.ts'
import type { HostInterface } from '../../domain/host.ts'
import { globalAddressesOf, isVirtualInterface } from '../../k3s/addressing/host-interfaces.ts'
import { itemsOf, type SettingText, scalarOf } from '../../k3s/config/effective-settings.ts'
import { clusterFamiliesOf, flannelBackendOf, plansOf } from '../addressing/server-plans.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

const shared = { versions: 'every version', looksAt: ['settings', 'host'] } as const
const sources = ['k3s-io/k3s pkg/agent/flannel/flannel.go, pkg/util/net.go'] as const

export const ifaceExists: Rule = {
  ...shared,
  id: 'node-flannel-iface-exists',
  severity: 'error',
  title: 'the interface that flannel is given cannot carry pod traffic',
  why: 'K3s ends when it does not find the interface, or no address of a family of the cluster on it',
  fix: 'name an interface that is up and has an address of each family, or leave flannel-iface out',
  sources,
  check(subject) {
    const families = clusterFamiliesOf(plansOf(subject)) ?? []
    const usesFlannel = flannelBackendOf(subject) !== 'none'
    return given(subject).flatMap(({ node, written, found }): Finding[] => {
      // Without flannel K3s looks at the interface only to find the address of the node.
      if (!usesFlannel && node.settings.has('node-ip')) return []
      const what = `flannel-iface ${written.text} on ${node.name}`
      if (found === undefined) {
        const names = interfacesOf(node).flatMap((one) => (isVirtualInterface(one) ? [] : [one.name]))
        return [{ at: written.at, what: `${what} does not exist; there is ${names.join(', ') || 'none'}` }]
      }
      if (!found.isUp) return [{ at: written.at, what: `${what} is down` }]
      const own = globalAddressesOf(found).map(({ address }) => address.family)
      const missing = usesFlannel ? families.filter((family) => !own.includes(family)) : []
      return missing.map((family) => ({ at: written.at, what: `${what} has no IPv${family} address` }))
    })
  },
}

export const ifaceManyAddresses: Rule = {
  ...shared,
  id: 'node-flannel-iface-multi',
  severity: 'error',
  title: 'the interface that flannel is given has several IPv4 addresses, and node-ip is not written',
  why: 'K3s takes the address of the node from the interface, and refuses to choose among several',
  fix: 'write node-ip',
  sources,
  check: (subject) =>
    given(subject).flatMap(({ node, written, found }): Finding[] => {
      if (found === undefined || itemsOf(node.settings, 'node-ip').length > 0) return []
      const texts = globalAddressesOf(found).flatMap(({ text, address }) => (address.family === 4 ? [text] : []))
      if (texts.length < 2) return []
      return [{ at: written.at, what: `flannel-iface ${written.text} on ${node.name} has ${texts.join(', ')}` }]
    }),
}

export const ifaceAddressMismatch: Rule = {
  ...shared,
  id: 'node-iface-ip-mismatch',
  severity: 'warning',
  title: 'node-ip is not an address of the interface that flannel is given',
  why: 'other nodes reach the node on one interface and its pods on another: host-gw refuses that, and tunnels are one-sided',
  fix: 'name the interface that has node-ip, or write the address of the interface into node-ip',
  sources: ['flannel-io/flannel pkg/backend/hostgw/hostgw.go'],
  check(subject) {
    if (flannelBackendOf(subject) === 'none') return []
    return given(subject).flatMap(({ node, written, found }) => {
      if (found === undefined) return []
      const own = found.addresses.map((text) => parseAddress(text.replace(/\/.*$/, '')))
      return itemsOf(node.settings, 'node-ip').flatMap(({ text, at }): Finding[] => {
        const address = parseAddress(text)
        if (address === undefined) return []
        if (own.some((other) => other?.family === address.family && other.value === address.value)) return []
        return [{ at, what: `node-ip ${text} of ${node.name} is not on flannel-iface ${written.text}` }]
      })
    })
  },
}

export const noDefaultRoute: Rule = {
  ...shared,
  id: 'node-no-default-route',
  severity: 'error',
  title: 'a node has no default route, and flannel is not told its interface',
  why: 'flannel takes the interface of the default route, and K3s ends when there is none',
  fix: 'set flannel-iface and node-ip, or give the machine a default route',
  sources,
  check(subject) {
    const families = clusterFamiliesOf(plansOf(subject))
    if (flannelBackendOf(subject) === 'none') return []
    return subject.nodes.flatMap((node): Finding[] => {
      const network = node.host?.network
      if (network === undefined || node.settings.has('flannel-iface')) return []
      const needed = neededFamily(families)
      if (network.defaultRoutes.some(({ family }) => needed === undefined || family === needed)) return []
      return [{ at: node.at, what: `${node.name} has no ${needed === undefined ? '' : `IPv${needed} `}default route` }]
    })
  },
}

/** flannel looks for the IPv4 route wherever the cluster has IPv4. */
function neededFamily(families: readonly AddressFamily[] | undefined): AddressFamily | undefined {
  return families === undefined ? undefined : families.includes(4) ? 4 : 6
}

export const interfacesAmbiguous: Rule = {
  ...shared,
  id: 'host-interfaces-ambiguous',
  severity: 'warning',
  title: 'a node stands in several networks, and nobody says which one is for the cluster',
  why: 'K3s takes the interface of the default route; when that changes, the node changes its address and its peers lose it',
  fix: 'write node-ip, or flannel-iface with the name of the interface',
  sources: ['k3s-io/k3s pkg/util/net.go (GetHostnameAndIPs)'],
  check: ({ nodes }) =>
    nodes.flatMap((node): Finding[] => {
      if (node.settings.has('node-ip') || node.settings.has('flannel-iface')) return []
      const candidates = interfacesOf(node).filter((one) => one.isUp && !isVirtualInterface(one))
      const found = candidates.flatMap((one) => {
        const text = globalAddressesOf(one).find(({ address }) => address.family === 4)?.text
        return text === undefined ? [] : [`${one.name} (${text})`]
      })
      return found.length < 2 ? [] : [{ at: node.at, what: `${node.name} has addresses on ${found.join(', ')}` }]
    }),
}

interface GivenInterface {
  readonly node: NodeSubject
  readonly written: SettingText
  /** Absent where the machine has no interface of that name. */
  readonly found: HostInterface | undefined
}

/** Nodes that are told an interface, where the interfaces of the machine are known. */
function given({ nodes }: LintSubject): readonly GivenInterface[] {
  return nodes.flatMap((node): GivenInterface[] => {
    const written = scalarOf(node.settings, 'flannel-iface')
    if (written === undefined || written.text === '' || node.host?.network === undefined) return []
    return [{ node, written, found: interfacesOf(node).find(({ name }) => name === written.text) }]
  })
}

function interfacesOf({ host }: NodeSubject): readonly HostInterface[] {
  return host?.network?.interfaces ?? []
}
