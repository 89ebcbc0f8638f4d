import { scalarOf } from '../../k3s/config/effective-settings.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject, TextSubject } from '../subject.ts'
import { isTold, printNode } from './told-nodes.ts'

export const flannelConfEverywhere: Rule = {
  id: 'con-flannel-conf-all',
  severity: 'error',
  title: 'nodes have different flannel configurations',
  why: 'each node reaches only nodes with the same backend, network identifier and port',
  fix: 'give every node, servers and agents, the same flannel-conf, or none',
  versions: 'every version',
  looksAt: ['settings', 'host'],
  sources: ['k3s-io/k3s pkg/agent/flannel/setup.go'],
  check: (subject) => [...onSomeNodes(subject), ...differingBackends(subject)],
}

function onSomeNodes(subject: LintSubject): Finding[] {
  const nodes = subject.nodes.filter((node) => isTold(subject, node))
  const lacking = nodes.find(({ settings }) => !settings.has('flannel-conf'))
  if (lacking === undefined) return []
  return nodes.flatMap((node): Finding[] => {
    const written = scalarOf(node.settings, 'flannel-conf')
    if (written === undefined || written.text === '') return []
    return [{ at: written.at, what: `flannel-conf is set on ${printNode(node)} and not on ${printNode(lacking)}` }]
  })
}

function differingBackends({ nodes }: LintSubject): Finding[] {
  const known = nodes.flatMap((node) => {
    const conf = confOf(node)
    const backend = conf === undefined ? undefined : backendOf(conf.text)
    return conf === undefined || backend === undefined ? [] : [{ node, at: conf.at, backend }]
  })
  const [first, ...others] = known
  if (first === undefined) return []
  return others.flatMap(({ node, at, backend }): Finding[] =>
    backend === first.backend
      ? []
      : [{ at, what: `flannel has ${backend} on ${printNode(node)} and ${first.backend} on ${printNode(first.node)}` }],
  )
}

/** The file, where the flag that names it is set. */
function confOf({ settings, flannelConf }: NodeSubject): TextSubject | undefined {
  return settings.has('flannel-conf') ? flannelConf : undefined
}

/** What two peers must have in common, as a text: `vxlan, vni 1, port 8472`. Undefined for a file that cannot be read. */
function backendOf(text: string): string | undefined {
  const backend = memberOf(parsedJson(text), 'backend')
  const type = memberOf(backend, 'type')
  if (typeof type !== 'string') return undefined
  const own = (peerOptions[type] ?? []).map(
    ({ key, name, usual }) => `${name} ${JSON.stringify(memberOf(backend, key) ?? usual)}`,
  )
  return [type, ...own].join(', ')
}

/** Options that are part of what peers agree on; flannel ignores case in their names. */
const peerOptions: Readonly<
  Record<string, readonly { readonly key: string; readonly name: string; readonly usual: number }[] | undefined>
> = {
  vxlan: [
    { key: 'vni', name: 'VNI', usual: 1 },
    { key: 'port', name: 'port', usual: 8472 },
  ],
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function memberOf(value: unknown, lowerCaseKey: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key.toLowerCase() === lowerCaseKey)?.[1]
}
