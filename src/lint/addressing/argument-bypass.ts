import { parseAddress } from '../../domain/cidr.ts'
import type { Severity } from '../../domain/problem.ts'
import type { SettingText } from '../../k3s/config/effective-settings.ts'
import { scalarOf } from '../../k3s/config/effective-settings.ts'
import { defaultTexts } from '../../k3s/config/flag-defaults.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { plansOf } from './server-plans.ts'

export const argumentBypass: Rule = {
  id: 'net-argument-bypass',
  severity: 'error',
  title: 'an argument of one Kubernetes process says another address plan than K3s',
  why: 'the argument wins in that process alone; K3s, its other processes and every check here go by the option of K3s',
  fix: 'take the argument away, and set the option of K3s',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/daemons/control/server.go', 'k3s-io/k3s pkg/daemons/config/types.go (GetArgs)'],
  check: (subject) => {
    const wanted = wantedOf(subject)
    return subject.nodes.flatMap((node) => bypasses.flatMap((one) => bypassFindings(node, one, wanted)))
  },
}

type PlanKey = 'cluster-cidr' | 'service-cidr' | 'cluster-dns' | 'cluster-domain' | 'service-node-port-range'

interface Bypass {
  /** The option of K3s that hands arguments to a process. */
  readonly option: string
  readonly argument: string
  readonly means: PlanKey
  readonly severity: Severity
}

/** What K3s sets itself, from the option at the end of the row. */
const bypasses: readonly Bypass[] = [
  { option: 'kube-apiserver-arg', argument: 'service-cluster-ip-range', means: 'service-cidr', severity: 'error' },
  {
    option: 'kube-apiserver-arg',
    argument: 'service-node-port-range',
    means: 'service-node-port-range',
    severity: 'error',
  },
  ...['kube-controller-manager-arg', 'kube-controller-arg'].flatMap((option): Bypass[] => [
    { option, argument: 'cluster-cidr', means: 'cluster-cidr', severity: 'error' },
    { option, argument: 'service-cluster-ip-range', means: 'service-cidr', severity: 'error' },
  ]),
  { option: 'kube-proxy-arg', argument: 'cluster-cidr', means: 'cluster-cidr', severity: 'warning' },
  { option: 'kubelet-arg', argument: 'cluster-dns', means: 'cluster-dns', severity: 'warning' },
  { option: 'kubelet-arg', argument: 'cluster-domain', means: 'cluster-domain', severity: 'warning' },
]

/** Fields of the documents, by the option that they become. */
const fields: Readonly<Record<PlanKey, string>> = {
  'cluster-cidr': 'spec.addressing.clusterCIDR',
  'service-cidr': 'spec.addressing.serviceCIDR',
  'cluster-dns': 'spec.addressing.clusterDNS',
  'cluster-domain': 'spec.addressing.clusterDomain',
  'service-node-port-range': 'spec.addressing.serviceNodePortRange',
}

/** What the first server is told or takes by default; undefined where nobody knows. */
type Wanted = (key: PlanKey) => string | undefined

function wantedOf(subject: LintSubject): Wanted {
  const [server] = plansOf(subject)
  return (key) => {
    if (server === undefined) return undefined
    const { plan, node } = server
    if (key === 'cluster-cidr') return plan.pods.map(({ text }) => text).join(',')
    if (key === 'service-cidr') return plan.services.map(({ text }) => text).join(',')
    if (key === 'cluster-dns') return plan.dns.map(({ text }) => text).join(',')
    return scalarOf(node.settings, key)?.text ?? defaultTexts(key, node.settings)[0]
  }
}

function bypassFindings(node: NodeSubject, { option, argument, means, severity }: Bypass, wanted: Wanted): Finding[] {
  return (node.settings.get(option)?.values ?? []).flatMap((value): Finding[] => {
    const text = argumentValue(value, argument)
    const own = wanted(means)
    if (text === undefined || own === undefined || text === own) return []
    // A cache of DNS answers on each node has a link-local address.
    if (means === 'cluster-dns' && text.split(',').every(isLinkLocal)) return []
    return [
      {
        at: value.at,
        severity,
        what: `${option} sets ${argument} to ${text}, and ${means} is ${own}`,
        fix: `take it away, and write ${fields[means]} (${means})`,
      },
    ]
  })
}

/** `--name=value`, `name=value` and `name+=value`. */
function argumentValue({ text }: SettingText, argument: string): string | undefined {
  const match = /^(?:--)?([\w-]+?)[+-]?=(.*)$/s.exec(text)
  return match?.[1] === argument ? match[2] : undefined
}

function isLinkLocal(text: string): boolean {
  const address = parseAddress(text)
  return address !== undefined && /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(text)
}
