import type { LocatedLine, Severity } from '../domain/problem.ts'
import type { LintSubject } from './subject.ts'

/** What a rule has to know before it can say anything. */
export type Evidence =
  /** The settings of nodes, from a repository or from a machine. */
  | 'settings'
  /** K3s's own configuration files, as they are on a machine. */
  | 'config-files'
  | 'manifests'
  /** Services, node labels and other objects of the living cluster. */
  | 'live'
  /** Interfaces, packet filters and files of a machine. */
  | 'host'
  /** The same cluster before the change. */
  | 'before'

/**
 * One thing that K3s or Linux would reject, ignore or regret. Pure: it looks at the subject and at nothing else, and
 * never throws.
 */
export interface Rule {
  /** Stable: `net-overlap`. */
  readonly id: string
  /** The worst that it reports; a finding may be milder. */
  readonly severity: Severity
  /** What is wrong, in one line, without the particulars. */
  readonly title: string
  readonly why: string
  readonly fix: string
  /** For people: `every version`, `1.24.7 / 1.25.3 and later`. */
  readonly versions: string
  readonly looksAt: readonly Evidence[]
  /** Where the fact stands: upstream file, document or issue. */
  readonly sources: readonly string[]
  readonly check: (subject: LintSubject) => readonly Finding[]
}

export interface Finding {
  readonly at: LocatedLine
  /** With the particulars: names and values, never a secret. */
  readonly what: string
  /** Where it differs from the rule's own. */
  readonly severity?: Severity
  readonly why?: string
  readonly fix?: string
}

/** An entry of the catalogue that is no rule, with the reason. */
export interface UnruledEntry {
  readonly id: string
  readonly reason: string
}

export interface RuleGroup {
  /** Heading of the group in the catalogue. */
  readonly title: string
  readonly rules: readonly Rule[]
  readonly notApplicable: readonly UnruledEntry[]
}

/**
 * The code that findings of a rule carry: its id in capitals, or the name that its finding had before there was a
 * catalogue.
 */
export function codeOfRule(id: string): string {
  return formerCodes[id] ?? id.toUpperCase().replaceAll('-', '_')
}

const formerCodes: Readonly<Record<string, string>> = {
  'repo-cluster-name': 'CLUSTER_NAME_MISMATCH',
  'net-overlap': 'CIDR_OVERLAP',
  'net-family-match': 'ADDRESS_FAMILIES_DIFFER',
  'net-dns-in-service': 'DNS_OUTSIDE_SERVICE_CIDR',
  'slb-pool-member-twice': 'POOL_MEMBER_TWICE',
  'slb-pools-without-servicelb': 'POOLS_WITHOUT_SERVICELB',
  'fln-options-unused': 'FLANNEL_OPTIONS_UNUSED',
  'fln-directrouting-type': 'DIRECT_ROUTING_NEEDS_VXLAN',
  'pkg-coredns-gap': 'NO_CLUSTER_DNS',
  'pkg-hcc-string': 'CHART_VALUES_INVALID',
  'pkg-hcc-traefik-disabled': 'VALUES_OF_DISABLED',
  'pkg-same-name-disabled': 'DISABLED_NAME',
  'pkg-edit-packaged': 'PACKAGED_NAME',
}
