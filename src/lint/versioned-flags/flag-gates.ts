import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import type { Flag } from '../../k3s/flags/flag.ts'
import { findFlag, flagState } from '../../k3s/flags/flag-catalogue.ts'
import { isBeforeKnown } from '../../k3s/version/known-minors.ts'
import { printFloors } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { releaseOf } from './node-release.ts'

interface FlagGate {
  readonly id: string
  readonly flags: readonly string[]
  readonly title: string
  readonly fix: string
  readonly sources: readonly string[]
}

/** Options that have a rule of their own, by the rule that speaks about releases without them. */
const flagGates: readonly FlagGate[] = [
  {
    id: 'ver-disable-too-old',
    flags: ['disable'],
    title: 'disable in a release that has no-deploy instead',
    fix: 'use no-deploy, or upgrade K3s',
    sources: ['k3s-io/k3s pkg/cli/cmds/server.go'],
  },
  {
    id: 'ver-ipv6-masq',
    flags: ['flannel-ipv6-masq'],
    title: 'flannel-ipv6-masq in a release without it',
    fix: 'upgrade K3s, or give pods addresses that the network routes back',
    sources: ['k3s-io/k3s pkg/cli/cmds/server.go'],
  },
  {
    id: 'ver-external-ip',
    flags: ['flannel-external-ip'],
    title: 'flannel-external-ip in a release without it',
    fix: 'upgrade K3s, or connect the nodes by internal addresses',
    sources: ['k3s-io/k3s pkg/cli/cmds/server.go'],
  },
  {
    id: 'ver-multi-cluster-cidr',
    flags: ['multi-cluster-cidr'],
    title: 'multi-cluster-cidr in a release without it',
    fix: 'take it away; only 1.26.3 to 1.28 know it',
    sources: ['k3s-io/k3s pkg/cli/cmds/server.go'],
  },
  {
    id: 'ver-egress',
    flags: ['egress-selector-mode'],
    title: 'egress-selector-mode in a release without it',
    fix: 'take it away, or upgrade K3s',
    sources: ['k3s-io/k3s pkg/cli/cmds/server.go'],
  },
  {
    id: 'ver-servicelb-ns',
    flags: ['servicelb-namespace'],
    title: 'servicelb-namespace in a release without it',
    fix: 'take it away, or upgrade K3s',
    sources: ['k3s-io/k3s pkg/cli/cmds/server.go'],
  },
  {
    id: 'ver-node-dns',
    flags: ['node-internal-dns', 'node-external-dns'],
    title: 'DNS names of nodes in a release without them',
    fix: 'take them away, or upgrade K3s',
    sources: ['k3s-io/k3s#10852'],
  },
  {
    id: 'ver-disable-kube-proxy',
    flags: ['disable-kube-proxy'],
    title: 'disable-kube-proxy in a release without it',
    fix: 'upgrade K3s before kube-proxy is replaced',
    sources: ['k3s-io/k3s pkg/cli/cmds/server.go'],
  },
]

/** Options whose absence from a release is told by a rule of this group; the general rules leave them alone. */
export const ruledFlags: ReadonlySet<string> = new Set([
  ...flagGates.flatMap((gate) => gate.flags),
  'no-flannel',
  'no-deploy',
  'flannel-cni-conf',
  'vpn-auth',
  'vpn-auth-file',
])

const skippedOrFatal = 'a server skips what it does not know with a line in its log, an agent does not start'

export const flagGateRules: readonly Rule[] = flagGates.map((gate) => ({
  id: gate.id,
  severity: 'error',
  title: gate.title,
  why: skippedOrFatal,
  fix: gate.fix,
  versions: gate.flags.flatMap(findKnown).map(versionsWithout)[0] ?? '',
  looksAt: ['settings'],
  sources: gate.sources,
  check: (subject) => flagsOutsideTheirReleases(subject, gate.flags),
}))

/** The options that a release does not have yet, or no longer has, where they are written. */
export function flagsOutsideTheirReleases(subject: LintSubject, names: readonly string[]): Finding[] {
  const flags = names.flatMap(findKnown)
  return subject.nodes.flatMap((node) => flags.flatMap((flag) => outsideItsReleases(subject, node, flag)))
}

function outsideItsReleases(subject: LintSubject, node: NodeSubject, flag: Flag): Finding[] {
  const version = releaseOf(node, subject)
  const setting = node.settings.get(flag.name)
  if (version === undefined || setting === undefined || !flag.commands.includes(node.role)) return []
  // Told once, by ver-release-unknown.
  if (isBeforeKnown(version)) return []
  // A server that skips a switch which is off does what was meant.
  if (flag.type === 'boolean' && node.role === 'server' && !isSwitchedOn(node.settings, flag.name)) return []
  const state = flagState(flag, version)
  if (state !== 'unknown-yet' && state !== 'removed') return []
  const bound =
    state === 'removed'
      ? `it is gone since ${printFloors(flag.removedSince ?? [])}`
      : `it begins with ${printFloors(flag.since ?? [])}`
  return [{ at: setting.at, what: `K3s ${version.text} does not know ${flag.name}: ${bound}` }]
}

function versionsWithout(flag: Flag): string {
  const before = `before ${printFloors(flag.since ?? [])}`
  return flag.removedSince === undefined ? before : `${before}; ${printFloors(flag.removedSince)} and later`
}

function findKnown(name: string): readonly Flag[] {
  const flag = findFlag(name)
  return flag === undefined ? [] : [flag]
}
