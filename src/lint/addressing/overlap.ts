import { type Cidr, parseAddress, parseCidr } from '../../domain/cidr.ts'
import type { PlannedRange } from '../../k3s/addressing/address-plan.ts'
import { rangeHolds, rangesOverlap } from '../../k3s/addressing/cidr-relations.ts'
import { isPodInterface } from '../../k3s/addressing/host-interfaces.ts'
import { itemsOf } from '../../k3s/config/effective-settings.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { clusterPlanOf, flannelBackendOf, plansOf } from './server-plans.ts'

export const overlap: Rule = {
  id: 'net-overlap',
  severity: 'error',
  title: 'two networks of the cluster, or one of them and one of the machine, share addresses',
  why: 'an address that belongs to two of them cannot be routed to both',
  fix: 'choose ranges that share no address; the K3s defaults are 10.42.0.0/16 and 10.43.0.0/16',
  versions: 'every version',
  looksAt: ['settings', 'host'],
  sources: ['k3s-io/docs docs/cli/server.md'],
  check: (subject) => [...betweenRanges(subject), ...withMachines(subject)],
}

function betweenRanges(subject: LintSubject): Finding[] {
  return plansOf(subject).flatMap(({ node, plan }) =>
    plan.services.flatMap((service): Finding[] => {
      const pod = plan.pods.find((other) => shareAddress(other, service))
      if (pod === undefined) return []
      return [
        {
          at: service.at ?? pod.at ?? node.at,
          what: `service-cidr ${service.text} overlaps cluster-cidr ${pod.text}`,
          why: 'an address that is both a Service and a pod cannot be routed',
        },
      ]
    }),
  )
}

function shareAddress(a: PlannedRange, b: PlannedRange): boolean {
  return a.cidr !== undefined && b.cidr !== undefined && rangesOverlap(a.cidr, b.cidr)
}

/** Interfaces that K3s and CNI plugins make themselves hold addresses of pods and Services by design. */
function withMachines(subject: LintSubject): Finding[] {
  const ranges = clusterRanges(subject)
  const usesFlannel = flannelBackendOf(subject) !== 'none'
  return subject.nodes.flatMap((node) =>
    networksOf(node, usesFlannel).flatMap(({ name, cidr }) =>
      ranges.flatMap((range): Finding[] => {
        if (range.cidr === undefined || !rangesOverlap(range.cidr, cidr)) return []
        return [
          {
            at: range.at ?? node.at,
            what: `${range.key} ${range.text} overlaps ${cidr.text} of interface ${name} on ${node.name}`,
            why: 'pods would not reach machines of that network, and the machine might not reach pods',
            fix: 'give the network of the interface another range, or build the cluster with ranges that share no address with it',
          },
        ]
      }),
    ),
  )
}

interface MachineNetwork {
  readonly name: string
  readonly cidr: Cidr
}

/**
 * What networks a machine stands in. Plugins other than flannel name their interfaces as they like; beside one of them
 * only the interfaces of default routes are sure to be the machine's own.
 */
function networksOf({ host }: NodeSubject, usesFlannel: boolean): readonly MachineNetwork[] {
  const { interfaces = [], defaultRoutes = [] } = host?.network ?? {}
  return interfaces
    .filter((one) => !isPodInterface(one))
    .filter((one) => usesFlannel || defaultRoutes.some((route) => route.device === one.name))
    .flatMap(({ name, addresses }) =>
      addresses.flatMap((text) => {
        const cidr = parseCidr(text)
        const isOneAddress = cidr === undefined || cidr.prefixBits >= (cidr.family === 4 ? 31 : 127)
        return isOneAddress ? [] : [{ name, cidr }]
      }),
    )
}

export const nodeIpInCidr: Rule = {
  id: 'net-nodeip-in-cidr',
  severity: 'error',
  title: 'the address of a node lies in a range of pods or Services',
  why: 'traffic to the node would be sent into the pod network and come back to it',
  fix: 'give the node an address outside these ranges, or build the cluster with other ranges',
  versions: 'every version',
  looksAt: ['settings', 'live'],
  sources: ['kubernetes/website content/en/docs/concepts/cluster-administration/networking.md'],
  check(subject) {
    const ranges = clusterRanges(subject)
    return subject.nodes.flatMap((node) =>
      nodeAddresses(node).flatMap(({ text, at }) => {
        const address = parseAddress(text)
        if (address === undefined) return []
        return ranges.flatMap(({ key, text: range, cidr }) =>
          cidr !== undefined && rangeHolds(cidr, address)
            ? [{ at, what: `node ${node.name} has the address ${text}, which lies in ${key} ${range}` }]
            : [],
        )
      }),
    )
  },
}

function nodeAddresses(node: NodeSubject): readonly { readonly text: string; readonly at: NodeSubject['at'] }[] {
  const written = itemsOf(node.settings, 'node-ip')
  return written.length > 0 ? written : node.facts.addresses.map((text) => ({ text, at: node.at }))
}

/** The ranges that are certain: written ones, and defaults of a known family. */
function clusterRanges(subject: LintSubject): readonly PlannedRange[] {
  const server = clusterPlanOf(plansOf(subject))
  if (server === undefined) return []
  const { pods, services, nodeFamily } = server.plan
  return [...pods, ...services].filter(({ at }) => at !== undefined || nodeFamily !== undefined)
}

export const wideDefault: Rule = {
  id: 'net-wide-default',
  severity: 'notice',
  title: 'a range of the cluster covers addresses that many networks use',
  why: 'a machine, a VPN or a container network with such an address is unreachable from pods, now or later',
  fix: 'for a new cluster, take ranges away from these, such as 10.42.0.0/16 and 10.43.0.0/16',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['tigera/docs: the default pool 192.168.0.0/16'],
  check: (subject) =>
    plansOf(subject).flatMap(({ plan }) =>
      [...plan.pods, ...plan.services].flatMap(({ key, text, cidr, at }): Finding[] => {
        const usual =
          cidr === undefined ? undefined : usualNetworks.find((network) => rangesOverlap(network.cidr, cidr))
        return usual === undefined || at === undefined
          ? []
          : [{ at, what: `${key} ${text} covers addresses of ${usual.cidr.text}, ${usual.use}` }]
      }),
    ),
}

const usualNetworks = [
  { text: '192.168.0.0/16', use: 'which home and office routers give out' },
  { text: '10.0.0.0/22', use: 'which home and office routers give out' },
  { text: '172.17.0.0/16', use: 'the network of Docker' },
].flatMap(({ text, use }) => {
  const cidr = parseCidr(text)
  return cidr === undefined ? [] : [{ cidr, use }]
})
