import { allFlags } from '../../k3s/flags/flag-catalogue.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { knowsFlag } from '../versioned-flags/known-flag.ts'
import { printReading, readFlag, readingsDiffer } from './server-values.ts'
import { printNode, toldServers } from './told-nodes.ts'

const shared = {
  fix: 'write the same value on every server, then restart them one after another',
  versions: 'every version',
  looksAt: ['settings'],
} as const

export const criticalEqual: Rule = {
  ...shared,
  id: 'con-critical-equal',
  severity: 'error',
  title: 'servers differ in an argument that K3s holds to be critical',
  why: 'a server that joins with another value is refused, and one that is a member already goes on with it unnoticed',
  sources: ['k3s-io/k3s pkg/cluster/bootstrap.go, pkg/daemons/config/types.go'],
  check: (subject) =>
    allFlags.flatMap(({ name, sameOnServers }) => (sameOnServers === 'critical' ? unequal(subject, name) : [])),
}

export const kubeProxyEqual: Rule = {
  ...shared,
  id: 'con-kube-proxy-equal',
  severity: 'error',
  title: 'kube-proxy is disabled on some servers only',
  why: 'K3s does not compare it: each node has kube-proxy or not, as the server it happens to ask says',
  versions: '1.19.1 and later',
  sources: ['k3s-io/k3s pkg/agent/config/config.go'],
  check: (subject) => unequal(subject, 'disable-kube-proxy'),
}

export const nodePortEqual: Rule = {
  ...shared,
  id: 'con-nodeport-equal',
  severity: 'error',
  title: 'servers have different ranges of node ports',
  why: 'K3s does not compare it: whether a Service gets its node port depends on the server that is asked',
  versions: '1.20.4 and later',
  sources: ['k3s-io/docs docs/cli/server.md'],
  check: (subject) => unequal(subject, 'service-node-port-range'),
}

export const serviceLbNamespaceEqual: Rule = {
  ...shared,
  id: 'con-servicelb-ns-equal',
  severity: 'error',
  title: 'servers put ServiceLB into different namespaces',
  why: 'with each change of leader the DaemonSets are made anew elsewhere, and the old ones keep the ports',
  versions: '1.23.8 / 1.24.2 and later',
  sources: ['k3s-io/k3s pkg/cloudprovider/servicelb.go'],
  check: (subject) => unequal(subject, 'servicelb-namespace'),
}

export const httpsPortEqual: Rule = {
  ...shared,
  id: 'con-https-port-equal',
  severity: 'warning',
  title: 'servers listen on different ports',
  why: 'agents and clients that know one port lose the servers that listen on another',
  fix: 'use one https-listen-port, or make sure that everything which names a server names its port',
  sources: ['k3s-io/docs docs/cli/server.md'],
  check: (subject) => unequal(subject, 'https-listen-port'),
}

/** What each server says otherwise than the first one, at the place where it says so. */
function unequal(subject: LintSubject, key: string): Finding[] {
  const [first, ...others] = toldServers(subject).filter((server) => knowsFlag(subject, server, key))
  if (first === undefined || others.length === 0) return []
  const expected = readFlag(first, key)
  return others.flatMap((other): Finding[] => {
    const reading = readFlag(other, key)
    if (!readingsDiffer(expected, reading)) return []
    return [
      {
        at: placeOf(other, first, key),
        what: `${key} is ${printReading(reading)} on ${printNode(other)} and ${printReading(expected)} on ${printNode(first)}`,
      },
    ]
  })
}

function placeOf(node: NodeSubject, other: NodeSubject, key: string): NodeSubject['at'] {
  return node.settings.get(key)?.at ?? other.settings.get(key)?.at ?? node.at
}
