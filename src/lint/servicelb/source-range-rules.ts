import { type AddressFamily, familyOf } from '../../domain/cidr.ts'
import type { NodeFacts } from '../../domain/facts.ts'
import { isSourceRange, sourceRangesOf } from '../../k3s/servicelb/ensure.ts'
import { enforcesSourceRanges, servicelbEra } from '../../k3s/servicelb/eras.ts'
import { remembered } from '../../k3s/servicelb/remembered.ts'
import { sourceRangesAnnotation } from '../../k3s/servicelb-labels.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { isServicelbOn, nodesToCome, predictionsToCome, primaryFamily } from './cluster-to-come.ts'
import { type ServiceToCome, servedServices } from './services-to-come.ts'

const source = 'k3s-io/k3s pkg/cloudprovider/servicelb.go'

export const familyMissing: Rule = {
  id: 'slb-dual-missing',
  severity: 'warning',
  title: 'a Service wants a family that none of its nodes has an address of',
  why: 'ServiceLB leaves the family out; a Service of this family alone stays pending',
  fix: 'give the nodes addresses of both families (node-ip), or take the family out of the Service',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: [source],
  check(subject) {
    const nodes = new Map((nodesToCome(subject) ?? []).map(({ facts }) => [facts.name, facts]))
    const services = new Map(served(subject).map((one) => [one.key, one]))
    const shownBy = remembered((names: readonly string[]) =>
      shownFamilies(names.flatMap((name) => nodes.get(name) ?? [])),
    )
    return predictionsToCome(subject).flatMap(({ key, ideal }): Finding[] => {
      const one = services.get(key)
      const shown = shownBy(ideal.candidates)
      if (one === undefined || shown.length === 0) return []
      return (one.service.ipFamilies ?? [])
        .filter((family) => !shown.includes(family))
        .map((family) => ({
          at: one.at('spec', 'ipFamilies'),
          what: `Service ${key} wants IPv${family}, and its nodes show no IPv${family} address`,
        }))
    })
  },
}

/** Empty where nobody knows: a node whose addresses are not known may be the one that has the family. */
function shownFamilies(nodes: readonly NodeFacts[]): readonly AddressFamily[] {
  if (nodes.some((node) => node.addresses.length === 0)) return []
  const external = nodes.flatMap((node) => node.externalAddresses ?? [])
  const shown = external.length > 0 ? external : nodes.flatMap((node) => node.addresses)
  return [...new Set(shown.map(familyOf))]
}

export const rangesOfOneFamily: Rule = {
  id: 'slb-ranges-family',
  severity: 'warning',
  title: 'source ranges that leave out a family of the Service',
  why: 'with ranges of one family alone, all traffic of the other is dropped',
  fix: 'add a range of the other family; ::/0 or 0.0.0.0/0 lets all of it in',
  versions: '1.23.14 / 1.24.8 / 1.25.4 and later',
  looksAt: ['manifests', 'live'],
  sources: [source, 'k3s-io/klipper-lb entry'],
  check(subject) {
    const { version } = subject
    if (version === undefined || !enforcesSourceRanges(version)) return []
    return served(subject).flatMap((one): Finding[] => {
      const ranges = sourceRangesOf(one.service).filter(isSourceRange)
      const families = familiesIn(one, subject)
      // The default as it is written by K3s gets ::/0 beside it.
      if (ranges.length === 0 || (ranges.length === 1 && ranges[0] === '0.0.0.0/0')) return []
      return families
        .filter((family) => !ranges.some((range) => familyOf(range) === family))
        .map((family) => ({
          at: placeOf(one),
          what: `Service ${one.key} has IPv${family} and no IPv${family} source range`,
        }))
    })
  },
}

function familiesIn({ service: { ipFamilies = [] } }: ServiceToCome, subject: LintSubject): readonly AddressFamily[] {
  return ipFamilies.length === 0 ? [primaryFamily(subject)] : ipFamilies
}

export const rangesUnreadable: Rule = {
  id: 'slb-ranges-parse',
  severity: 'error',
  title: 'a source range that is no network',
  why: 'K3s cannot make a DaemonSet of the Service: it stays pending, or as it was before',
  fix: 'write it as address/bits, like 192.168.0.0/16',
  versions: '1.23.13 / 1.24.7 / 1.25.3 and later',
  looksAt: ['manifests', 'live'],
  sources: ['kubernetes/cloud-provider service/helpers/helper.go'],
  check(subject) {
    const { version } = subject
    if (version === undefined || servicelbEra(version) === 'standalone') return []
    return served(subject).flatMap((one) =>
      sourceRangesOf(one.service)
        .filter((range) => !isSourceRange(range))
        .map((range) => ({
          at: placeOf(one),
          what: `Service ${one.key} has the source range ${JSON.stringify(range)}`,
        })),
    )
  },
}

export const rangesTooOld: Rule = {
  id: 'slb-ranges-old',
  severity: 'warning',
  title: 'source ranges in a release that ignores them',
  why: 'everybody reaches the Service: klipper-lb knows source ranges since 0.4.0',
  fix: 'upgrade K3s, or filter in front of the nodes',
  versions: 'before 1.23.14 / 1.24.8 / 1.25.4',
  looksAt: ['manifests', 'live'],
  sources: ['k3s-io/klipper-lb entry'],
  check(subject) {
    const { version } = subject
    if (version === undefined || enforcesSourceRanges(version)) return []
    return served(subject)
      .filter((one) => sourceRangesOf(one.service).some((range) => range !== '0.0.0.0/0'))
      .map((one) => ({ at: placeOf(one), what: `Service ${one.key} has source ranges, which ${version.text} ignores` }))
  },
}

function placeOf({ service, at }: ServiceToCome) {
  return (service.loadBalancerSourceRanges ?? []).length > 0
    ? at('spec', 'loadBalancerSourceRanges')
    : at('metadata', 'annotations', sourceRangesAnnotation)
}

function served(subject: LintSubject): readonly ServiceToCome[] {
  return isServicelbOn(subject) ? servedServices(subject) : []
}
