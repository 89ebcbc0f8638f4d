import type { LocatedLine } from '../../domain/problem.ts'
import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { printNode } from '../consistency/told-nodes.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { isNameless } from './nameless.ts'

export const nodeNameValid: Rule = {
  id: 'node-name-valid',
  severity: 'error',
  title: 'a node would register with a name that it cannot have',
  why: 'the API server refuses the Node, or two machines of that name are taken for one',
  fix: 'set node-name to a lower-case name of at most 63 characters that no other node has',
  versions: 'every version',
  looksAt: ['settings', 'host'],
  sources: ['k3s-io/k3s pkg/util/net.go (GetHostnameAndIPs)', 'RFC 1123 §2.1'],
  check: ({ nodes }) =>
    nodes.flatMap((node): Finding[] => {
      const named = nameOf(node)
      const misfit = named === undefined ? undefined : misfitOf(named.text.toLowerCase(), hasNodeId(node))
      return named === undefined || misfit === undefined
        ? []
        : [{ at: named.at, what: `${named.source} ${JSON.stringify(named.text)} ${misfit}` }]
    }),
}

interface WrittenName {
  readonly source: 'node-name' | 'the host name'
  readonly text: string
  readonly at: LocatedLine
}

/** What the name of a node is made from; an empty node-name counts as none. */
function nameOf({ settings, host, at }: NodeSubject): WrittenName | undefined {
  const written = scalarOf(settings, 'node-name')
  if (written !== undefined && written.text !== '') return { source: 'node-name', text: written.text, at: written.at }
  return host?.hostName === undefined ? undefined : { source: 'the host name', text: host.hostName, at }
}

function misfitOf(name: string, isNumbered: boolean): string | undefined {
  // with-node-id appends a dash and eight characters.
  const length = name.length + (isNumbered ? 9 : 0)
  if (name === '') return 'is empty'
  if (!subdomain.test(name)) return 'is no name in the form of RFC 1123'
  if (length > 63) return `makes a name of ${length} characters, and the label kubernetes.io/hostname takes 63`
  if (!isNumbered && /^localhost(\.|$)/.test(name)) return 'is the name that every unnamed machine has'
  return undefined
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

export const nodeNameUnique: Rule = {
  id: 'node-name-unique',
  severity: 'error',
  title: 'two nodes have the same name',
  why: 'K3s lower-cases names, and refuses the second machine: node password rejected',
  fix: 'give each node a name of its own, or set with-node-id',
  versions: 'every version',
  looksAt: ['settings', 'live'],
  sources: ['k3s-io/k3s pkg/nodepassword/nodepassword.go'],
  check(subject) {
    const owners = new Map<string, NodeSubject>()
    return subject.nodes.flatMap((node): Finding[] => {
      const name = registeredName(subject, node)
      if (name === undefined) return []
      const owner = owners.get(name)
      if (owner === undefined) owners.set(name, node)
      if (owner === undefined) return []
      const at = node.settings.get('node-name')?.at ?? owner.settings.get('node-name')?.at ?? node.at
      return [{ at, what: `${printNode(owner)} and ${printNode(node)} both register as ${name}` }]
    })
  },
}

/** Undefined where the name is not known; where nobody knows the nodes, only what is written is. */
function registeredName({ facts }: LintSubject, node: NodeSubject): string | undefined {
  const written = scalarOf(node.settings, 'node-name')?.text.toLowerCase()
  if (written !== undefined && written !== '') return hasNodeId(node) ? undefined : written
  return facts.origin === 'assumed' || isNameless(node) ? undefined : node.facts.name.toLowerCase()
}

export const nodeNameChange: Rule = {
  id: 'node-name-change',
  severity: 'warning',
  title: 'a node that lives gets another name',
  why: 'it registers as a new Node; the old one stays, with its pods and its password, and is never ready again',
  fix: 'drain the node first; afterwards delete the old Node and the Secret OLD-NAME.node-password.k3s in kube-system',
  versions: 'every version',
  looksAt: ['settings', 'live'],
  sources: ['k3s-io/docs docs/cli/agent.md'],
  check({ nodes, facts }) {
    if (facts.origin !== 'live' && facts.origin !== 'capture') return []
    const living = new Set(facts.nodes.map(({ name }) => name))
    return nodes.flatMap((node): Finding[] => {
      const written = scalarOf(node.settings, 'node-name')
      const wanted = written?.text.toLowerCase() ?? ''
      if (written === undefined || wanted === '' || !living.has(node.facts.name) || node.facts.name === wanted)
        return []
      if (hasNodeId(node) && node.facts.name.startsWith(`${wanted}-`)) return []
      return [{ at: written.at, what: `node ${node.facts.name} would register as ${wanted}` }]
    })
  },
}

function hasNodeId({ settings }: NodeSubject): boolean {
  return isSwitchedOn(settings, 'with-node-id')
}
