import type { AddressFamily } from '../../domain/cidr.ts'
import { familiesOf, type PlannedRange } from '../../k3s/addressing/address-plan.ts'
import { argumentOf, controllerManagerKeys } from '../../k3s/addressing/component-arguments.ts'
import { nodeMaskArguments, nodeMaskOf } from '../../k3s/addressing/node-masks.ts'
import type { Finding, Rule } from '../rule.ts'
import { clusterFamiliesOf, clusterPlanOf, flannelBackendOf, placeOfKey, plansOf } from './server-plans.ts'

const source = 'kubernetes/kubernetes cmd/kube-controller-manager/app/core.go'

export const clusterCapacity: Rule = {
  id: 'net-cluster-capacity',
  severity: 'error',
  title: 'cluster-cidr has fewer node ranges than the cluster has nodes',
  why: 'a node without a range of its own gets no pod network, and cluster-cidr cannot grow on a living cluster',
  fix: 'for a new cluster, take a wider cluster-cidr, or smaller node ranges with node-cidr-mask-size; else keep to fewer nodes',
  versions: 'every version',
  looksAt: ['settings', 'live'],
  sources: [source],
  check(subject) {
    const server = clusterPlanOf(plansOf(subject))
    const backend = flannelBackendOf(subject)
    // Other plugins give out addresses in their own way.
    if (server === undefined || backend === 'none' || subject.facts.origin === 'assumed') return []
    const { node, plan } = server
    const nodes = subject.facts.nodes.length
    if (familiesOf(plan, plan.pods) === undefined) return []
    return plan.pods.flatMap(({ cidr, text, at }): Finding[] => {
      const mask = cidr === undefined ? undefined : nodeMaskOf(node.settings, cidr.family).prefixBits
      if (cidr === undefined || mask === undefined || !(mask >= cidr.prefixBits)) return []
      const ranges = 2 ** (mask - cidr.prefixBits)
      if (nodes * 5 <= ranges * 4) return []
      return [
        {
          at: at ?? node.at,
          what: `cluster-cidr ${text} has ${ranges} node ranges of /${mask}, and there are ${nodes} nodes`,
          ...(nodes > ranges ? {} : { severity: 'warning', why: 'there is little room for more nodes' }),
        },
      ]
    })
  },
}

export const nodeMask: Rule = {
  id: 'net-node-mask',
  severity: 'error',
  title: 'node ranges do not fit into cluster-cidr',
  why: 'the controller manager ends, and no node gets a pod network',
  fix: 'take a node-cidr-mask-size between the prefix of cluster-cidr and, for IPv6, 16 bits more',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['kubernetes/kubernetes pkg/controller/nodeipam/ipam/cidrset/cidr_set.go'],
  check: (subject) =>
    plansOf(subject).flatMap(({ node, plan }) =>
      plan.pods.flatMap((range): Finding[] => {
        if (range.cidr === undefined) return []
        const mask = nodeMaskOf(node.settings, range.cidr.family)
        const at = mask.written?.at ?? range.at
        const what = misfit(range, range.cidr.family, range.cidr.prefixBits, mask.prefixBits, mask.written?.text)
        return at === undefined || what === undefined ? [] : [{ at, what }]
      }),
    ),
}

function misfit(
  { text }: PlannedRange,
  family: AddressFamily,
  prefixBits: number,
  maskBits: number,
  written: string | undefined,
): string | undefined {
  if (Number.isNaN(maskBits))
    return `node-cidr-mask-size ${JSON.stringify(written)} is no prefix length of IPv${family}`
  if (maskBits < prefixBits) return `node ranges of /${maskBits} are wider than cluster-cidr ${text}`
  if (family === 6 && maskBits - prefixBits > 16) {
    return `cluster-cidr ${text} has more than 65536 node ranges of /${maskBits}`
  }
  return undefined
}

export const nodeMaskFlag: Rule = {
  id: 'net-node-mask-flag',
  severity: 'error',
  title: 'node-cidr-mask-size does not go with the families of the cluster',
  why: 'the controller manager refuses to start over it',
  fix: 'with two families use node-cidr-mask-size-ipv4 and -ipv6 only; with one, node-cidr-mask-size or that of its family',
  versions: 'every version',
  looksAt: ['settings'],
  sources: [`${source} (setNodeCIDRMaskSizes)`],
  check: (subject) =>
    plansOf(subject).flatMap(({ node, plan }): Finding[] => {
      const families = familiesOf(plan, plan.pods)
      if (families === undefined) return []
      const value = (name: string) => {
        const argument = argumentOf(node.settings, controllerManagerKeys, name)
        return argument === undefined || /^0+$/.test(argument.text) ? undefined : argument
      }
      const both = value(nodeMaskArguments.both)
      if (both !== undefined && families.length > 1) {
        return [{ at: both.at, what: `${nodeMaskArguments.both} is set, and cluster-cidr has two families` }]
      }
      return ([4, 6] as const).flatMap((family): Finding[] => {
        const own = value(nodeMaskArguments[family])
        if (own === undefined) return []
        const name = nodeMaskArguments[family]
        if (both !== undefined) return [{ at: own.at, what: `${name} is set together with ${nodeMaskArguments.both}` }]
        return families.includes(family)
          ? []
          : [{ at: own.at, what: `${name} is set, and cluster-cidr has no IPv${family}` }]
      })
    }),
}

export const maxPodsMask: Rule = {
  id: 'net-maxpods-mask',
  severity: 'warning',
  title: 'a node may run more pods than its range has addresses',
  why: 'pods beyond that number stay in ContainerCreating for want of an address',
  fix: 'lower max-pods, or, for a new cluster, widen the node ranges with node-cidr-mask-size',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['kubernetes/kubernetes pkg/kubelet/apis/config/v1beta1/defaults.go'],
  check(subject) {
    const plans = plansOf(subject)
    const server = clusterPlanOf(plans)
    const backend = flannelBackendOf(subject)
    if (server === undefined || backend === 'none' || clusterFamiliesOf(plans)?.includes(4) === false) return []
    const mask = nodeMaskOf(server.node.settings, 4)
    // The network's own address, that of the bridge, and the broadcast address are no pod's.
    const usable = 2 ** (32 - mask.prefixBits) - 3
    return subject.nodes.flatMap((node): Finding[] => {
      const written = argumentOf(node.settings, ['kubelet-arg'], 'max-pods')
      if (written !== undefined && !/^\d{1,6}$/.test(written.text)) return []
      const pods = written === undefined ? 110 : Number(written.text)
      if (!(pods > usable)) return []
      return [
        {
          at: written?.at ?? mask.written?.at ?? placeOfKey(node, 'kubelet-arg'),
          what: `max-pods is ${pods}, and a node range of /${mask.prefixBits} has ${Math.max(usable, 0)} addresses for pods`,
        },
      ]
    })
  },
}
