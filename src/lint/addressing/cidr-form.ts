import { formatCidr } from '../../domain/cidr.ts'
import type { PlannedRange } from '../../k3s/addressing/address-plan.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { plansOf } from './server-plans.ts'

const shared = { versions: 'every version', looksAt: ['settings'] } as const

export const cidrParse: Rule = {
  ...shared,
  id: 'net-cidr-parse',
  severity: 'error',
  title: 'cluster-cidr or service-cidr is no address range',
  why: 'K3s refuses to start over it',
  fix: 'write an address and a prefix length, like 10.42.0.0/16; several ranges as a list without spaces',
  sources: ['k3s-io/k3s pkg/cli/server/server.go'],
  check: (subject) =>
    writtenRanges(subject).flatMap(({ key, text, cidr, at }) =>
      cidr === undefined ? [{ at, what: `${key} has ${JSON.stringify(text)}, which is no address range` }] : [],
    ),
}

export const cidrHostBits: Rule = {
  ...shared,
  id: 'net-cidr-hostbits',
  severity: 'warning',
  title: 'cluster-cidr or service-cidr is written with an address inside its range',
  why: 'K3s takes the whole network silently, which may be more than was meant',
  fix: 'write the first address of the range',
  sources: ['k3s-io/k3s pkg/cli/server/server.go (net.ParseCIDR)'],
  check: (subject) =>
    writtenRanges(subject).flatMap(({ key, text, cidr, at }) =>
      cidr?.hasHostBits === true
        ? [{ at, what: `${key} ${text} is taken for ${formatCidr(cidr)}`, fix: `write ${formatCidr(cidr)}` }]
        : [],
    ),
}

export const cidrCount: Rule = {
  ...shared,
  id: 'net-cidr-count',
  severity: 'error',
  title: 'cluster-cidr or service-cidr has two ranges of one family',
  why: 'Kubernetes takes one range of each family, and two at most',
  fix: 'keep one IPv4 and one IPv6 range at most; one wider range takes the place of two',
  sources: ['kubernetes/kubernetes cmd/kube-apiserver/app/options/validation.go'],
  check: (subject) =>
    plansOf(subject).flatMap(({ plan }) =>
      [plan.pods, plan.services].flatMap((ranges) => ranges.flatMap((range, index) => surplus(range, ranges, index))),
    ),
}

function surplus(range: PlannedRange, ranges: readonly PlannedRange[], index: number): Finding[] {
  const { key, text, cidr, at } = range
  const earlier = ranges.slice(0, index).find((other) => cidr !== undefined && other.cidr?.family === cidr.family)
  if (cidr === undefined || at === undefined || earlier === undefined) return []
  return [{ at, what: `${key} has two IPv${cidr.family} ranges, ${earlier.text} and ${text}` }]
}

interface WrittenRange extends PlannedRange {
  readonly at: NonNullable<PlannedRange['at']>
}

function writtenRanges(subject: LintSubject): readonly WrittenRange[] {
  return plansOf(subject).flatMap(({ plan }) =>
    [...plan.pods, ...plan.services].flatMap((range) => (range.at === undefined ? [] : [{ ...range, at: range.at }])),
  )
}
