import type { Cidr } from '../../domain/cidr.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { type ReleaseFloors, reaches } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import { plansOf } from './server-plans.ts'

/** Since then the API server no longer keeps a map of the whole range, and takes any size. */
const anySizeSince: ReleaseFloors = ['1.34.0']

export const serviceSize: Rule = {
  id: 'net-service-size',
  severity: 'error',
  title: 'service-cidr is larger than the API server takes',
  why: 'before 1.34 the API server refuses ranges with more than 20 host bits',
  fix: 'take a /12 or smaller for IPv4, and a /112 or smaller for IPv6',
  versions: 'every version; a warning since 1.34.0',
  looksAt: ['settings'],
  sources: [
    'kubernetes/kubernetes cmd/kube-apiserver/app/options/validation.go (validateMaxCIDRRange)',
    'k3s-io/docs docs/networking/basic-network-options.md',
  ],
  check: (subject) =>
    plansOf(subject).flatMap(({ node, plan }) =>
      plan.services.flatMap(({ text, cidr, at }): Finding[] => {
        const size = cidr === undefined ? undefined : sizeFinding(cidr, node.version)
        return at === undefined || size === undefined
          ? []
          : [{ at, what: `service-cidr ${text} ${size.what}`, ...size.own }]
      }),
    ),
}

function sizeFinding(
  { family, prefixBits }: Cidr,
  version: K3sVersion | undefined,
): { readonly what: string; readonly own: Pick<Finding, 'severity' | 'why'> } | undefined {
  const smallest = family === 4 ? 12 : 108
  if (prefixBits < smallest) {
    const takesAny = version === undefined || reaches(anySizeSince, version)
    const why = 'releases before 1.34 refuse it, and K3s documents nothing larger than /112'
    return {
      what: `is larger than /${smallest}`,
      own: takesAny ? { severity: 'warning', ...(family === 6 ? { why } : {}) } : {},
    }
  }
  if (family === 4 || prefixBits >= 112) return undefined
  return {
    what: 'is larger than /112',
    own: { severity: 'warning', why: 'K3s documents /112 as the largest IPv6 range of Services' },
  }
}

export const serviceSmall: Rule = {
  id: 'net-service-small',
  severity: 'warning',
  title: 'service-cidr has room for few Services',
  why: 'each Service takes an address for life, and the range cannot grow on a living cluster',
  fix: 'for a new cluster, take a wider range, such as 10.43.0.0/16',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['kubernetes/website content/en/docs/concepts/services-networking/cluster-ip-allocation.md'],
  check: (subject) =>
    plansOf(subject).flatMap(({ plan }) =>
      plan.services.flatMap(({ text, cidr, at }): Finding[] => {
        if (cidr === undefined || at === undefined) return []
        const hostBits = (cidr.family === 4 ? 32 : 128) - cidr.prefixBits
        return hostBits >= 8 ? [] : [{ at, what: `service-cidr ${text} has ${2 ** hostBits} addresses` }]
      }),
    ),
}
