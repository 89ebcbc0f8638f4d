import type { Address } from '../../domain/cidr.ts'
import { familiesOf, type PlannedAddress, type PlannedRange } from '../../k3s/addressing/address-plan.ts'
import { lastAddressOf, rangeHolds } from '../../k3s/addressing/cidr-relations.ts'
import { scalarOf } from '../../k3s/config/effective-settings.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, serversOf } from '../subject.ts'
import { placeOfKey, plansOf } from './server-plans.ts'

const shared = { versions: 'every version', looksAt: ['settings'] } as const

export const dnsInService: Rule = {
  ...shared,
  id: 'net-dns-in-service',
  severity: 'error',
  title: 'cluster-dns is no address that a Service can have',
  why: 'it becomes the address of the Service kube-dns, which must be a free one of service-cidr',
  fix: 'take an address of service-cidr; K3s itself takes the tenth',
  sources: ['k3s-io/k3s pkg/cli/server/server.go', 'kubernetes/kubernetes pkg/registry/core/service/ipallocator'],
  check: (subject) =>
    plansOf(subject).flatMap(({ plan }) =>
      plan.dns.flatMap(({ text, address, at }): Finding[] => {
        if (at === undefined || address === undefined) return []
        const misfit = unfitFor(address, plan.services)
        return misfit === undefined ? [] : [{ at, what: `cluster-dns ${text} ${misfit}` }]
      }),
    ),
}

function unfitFor(address: Address, services: readonly PlannedRange[]): string | undefined {
  const known = services.flatMap(({ cidr }) => (cidr === undefined ? [] : [cidr]))
  if (known.length < services.length) return undefined
  const own = known.find((cidr) => rangeHolds(cidr, address))
  if (own === undefined) return `is in none of ${known.map((cidr) => cidr.text).join(', ')}`
  if (address.value === own.network) return `is the address of the network ${own.text} itself`
  if (address.value === own.network + 1n) return `is the first address of ${own.text}, which the API server takes`
  if (own.family === 4 && address.value === lastAddressOf(own)) return `is the broadcast address of ${own.text}`
  return undefined
}

export const dnsFamily: Rule = {
  ...shared,
  id: 'net-dns-family',
  severity: 'error',
  title: 'cluster-dns does not have one address for each family of service-cidr',
  why: 'the Service kube-dns takes its addresses in the order of service-cidr, one of each family, or cannot be made',
  fix: 'write one address of each range of service-cidr, in its order, or leave cluster-dns out',
  sources: ['k3s-io/k3s pkg/server/server.go (stageFiles), manifests/coredns.yaml'],
  check: (subject) =>
    plansOf(subject).flatMap(({ node, plan }): Finding[] => {
      const services = familiesOf(plan, plan.services)
      const dns = plan.dns.map(({ address }) => address?.family)
      if (services === undefined || dns.includes(undefined) || plan.dns.some(({ at }) => at === undefined)) return []
      if (dns.join() === services.join()) return []
      const what = `cluster-dns has ${printFamilies(dns)} and service-cidr has ${printFamilies(services)}`
      const at = placeOfKey(node, 'cluster-dns')
      // One address alone makes a Service of one family, which works for that family.
      const answersOne = dns.length === 1 && dns[0] === services[0]
      if (!answersOne) return [{ at, what }]
      return [{ at, what, severity: 'warning', why: 'cluster DNS is not reachable over the other family' }]
    }),
}

export const dnsParse: Rule = {
  ...shared,
  id: 'net-dns-parse',
  severity: 'error',
  title: 'cluster-dns is no address',
  why: 'K3s refuses to start over it',
  fix: 'write an IP address, without a prefix length; several as a list without spaces',
  sources: ['k3s-io/k3s pkg/cli/server/server.go'],
  check: (subject) =>
    writtenDns(subject).flatMap(({ text, address, at }) =>
      address === undefined && at !== undefined
        ? [{ at, what: `cluster-dns has ${JSON.stringify(text)}, which is no address` }]
        : [],
    ),
}

function writtenDns(subject: LintSubject): readonly PlannedAddress[] {
  return plansOf(subject).flatMap(({ plan }) => plan.dns.filter(({ at }) => at !== undefined))
}

export const clusterDomain: Rule = {
  ...shared,
  id: 'net-domain',
  severity: 'error',
  title: 'cluster-domain is no DNS domain',
  why: 'certificates and the names of Services are made from it',
  fix: 'write a lower-case domain without a dot at its end, such as cluster.local',
  sources: ['k3s-io/k3s pkg/cli/server/server.go', 'RFC 1123 §2.1', 'RFC 6762 §3'],
  check: (subject) =>
    serversOf(subject).flatMap(({ settings }): Finding[] => {
      const domain = scalarOf(settings, 'cluster-domain')
      if (domain === undefined) return []
      const { text, at } = domain
      if (text.length > 253 || !subdomain.test(text)) {
        return [{ at, what: `cluster-domain ${JSON.stringify(text)} is no domain in the form of RFC 1123` }]
      }
      if (text === 'cluster.local' || !/(^|\.)local$/.test(text)) return []
      return [
        {
          at,
          what: `cluster-domain ${text} ends in .local`,
          severity: 'warning',
          why: 'machines ask for such names by multicast DNS and may never ask cluster DNS',
          fix: 'keep cluster.local, or take a domain of your own, such as cluster.example.org',
        },
      ]
    }),
}

const subdomain = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/

function printFamilies(families: readonly (4 | 6 | undefined)[]): string {
  return families.map((family) => `IPv${family}`).join(', ')
}
