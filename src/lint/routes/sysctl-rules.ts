import { sysctlPath } from '../../domain/sysctl-path.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { writtenSysctls } from './written-entries.ts'

const sources = ['kernel.org Documentation/networking/ip-sysctl.rst']

export const sysctlRules: readonly Rule[] = [
  {
    id: 'sys-managed',
    severity: 'error',
    title: 'a kernel setting that is not managed here',
    why: 'only settings of the network that are values are written: what acts at once, or holds a secret, is none',
    fix: 'write it as sysctl shows it, like net.ipv4.conf.eth0.rp_filter, or set it on the node by other means',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: (subject) =>
      subject.nodes.flatMap((node) =>
        writtenSysctls(subject, node)
          .filter(({ key }) => sysctlPath(key) === undefined)
          .map(({ key, at }) => ({ at, what: `${key} is no kernel setting that is managed here` })),
      ),
  },
  {
    id: 'sys-twice',
    severity: 'error',
    title: 'a kernel setting with two values',
    why: 'one node can have one of them only',
    fix: 'keep one, or let the documents select different nodes',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: twoValues,
  },
  {
    id: 'sys-forwarding',
    severity: 'error',
    title: 'a kernel setting that takes from pods and Services what K3s sets for them when it starts',
    why: 'pods reach nothing outside their own node, or Services do not work; K3s would set it back at its next start',
    fix: 'take it out, or write 1',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s pkg/agent/syssetup/setup.go'],
    check: (subject) =>
      subject.nodes.flatMap((node) =>
        writtenSysctls(subject, node)
          .filter(({ key, value }) => Number(value) === 0 && isNeeded(subject, sysctlPath(key)?.join('/') ?? ''))
          .map(({ key, at }) => ({ at, what: `${key} is switched off` })),
      ),
  },
]

/** What K3s sets to 1 on every node: for IPv6 where the cluster has it, for bridges where its own kube-proxy runs. */
function isNeeded({ desired }: LintSubject, path: string): boolean {
  const spec = desired?.cluster.spec
  if (/^net\/ipv4\/(?:ip_forward|conf\/all\/forwarding)$/.test(path)) return true
  const hasIpv6 = spec?.addressing.clusterCIDR?.some((range) => range.includes(':')) === true
  if (path === 'net/ipv6/conf/all/forwarding') return hasIpv6
  const hasKubeProxy = spec?.components.kubeProxy.enabled !== false
  if (path === 'net/bridge/bridge-nf-call-iptables') return hasKubeProxy
  return path === 'net/bridge/bridge-nf-call-ip6tables' && hasKubeProxy && hasIpv6
}

function twoValues(subject: LintSubject): readonly Finding[] {
  return subject.nodes.flatMap((node) => {
    const seen = new Map<string, { readonly value: string; readonly document: string }>()
    return writtenSysctls(subject, node).flatMap(({ key, value, at, document }): readonly Finding[] => {
      const path = sysctlPath(key)?.join('/')
      const first = path === undefined ? undefined : seen.get(path)
      if (path !== undefined && first === undefined) seen.set(path, { value, document })
      if (first === undefined || first.value === value) return []
      return [
        {
          at,
          what: `${key} is ${JSON.stringify(value)} here and ${JSON.stringify(first.value)} in ${first.document}, both for ${node.name}`,
        },
      ]
    })
  })
}
