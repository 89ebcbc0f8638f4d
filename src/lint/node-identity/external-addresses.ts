import { isSwitchedOn, itemsOf } from '../../k3s/config/effective-settings.ts'
import { enableLabel, poolLabel } from '../../k3s/servicelb-labels.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { flagChange, nodeBefore } from '../consistency/changes.ts'
import { isTold, printNode, toldServers } from '../consistency/told-nodes.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { isNameless, isSurelyServer } from './nameless.ts'

const key = 'node-external-ip'

export const externalComma: Rule = {
  id: 'node-external-comma',
  severity: 'warning',
  title: 'node-external-ip has two addresses in one text',
  why: 'before 1.33.11 / 1.34.7 / 1.35.4 the server certificate gets the whole text as one name, and neither address is valid for it',
  fix: 'write the addresses as a list, one an item',
  versions: 'before 1.33.11 / 1.34.7 / 1.35.4',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s#13989'],
  check: (subject) =>
    subject.nodes.flatMap((node): Finding[] => {
      const { settings, version } = node
      if (version === undefined || supports('node-external-ip-comma-san', version)) return []
      if (!isSurelyServer(subject, node)) return []
      return (settings.get(key)?.values ?? []).flatMap(({ text, at }) =>
        text.includes(',') ? [{ at, what: `${key} ${text} is one text with a comma` }] : [],
      )
    }),
}

export const externalRemoved: Rule = {
  id: 'node-external-removed',
  severity: 'warning',
  title: 'node-external-ip is gone, and the Node still has the address',
  why: 'K3s never clears it: the Node keeps its ExternalIP, and ServiceLB goes on announcing it',
  fix: 'after the restart run: kubectl annotate node NODE k3s.io/external-ip-',
  versions: 'every version',
  looksAt: ['settings', 'live', 'before'],
  sources: ['k3s-io/k3s pkg/agent/run.go (updateAddressAnnotations)'],
  check(subject) {
    if (toldServers(subject).some(({ settings }) => isSwitchedOn(settings, 'disable-cloud-controller'))) return []
    return subject.nodes.flatMap((node): Finding[] => {
      if (itemsOf(node.settings, key).length > 0) return []
      const stale = staleAddress(subject, node)
      if (stale === undefined) return []
      return [
        {
          at: node.at,
          what: `${printNode(node)} has no ${key} any more, and its Node has ${stale}`,
          ...(isNameless(node)
            ? {}
            : { fix: `after the restart run: kubectl annotate node ${node.name} k3s.io/external-ip-` }),
        },
      ]
    })
  },
}

function staleAddress(subject: LintSubject, node: NodeSubject): string | undefined {
  const annotated = node.facts.annotations?.['k3s.io/external-ip']
  const before = nodeBefore(subject, node)
  const change = before === undefined ? undefined : flagChange(subject, before, node, key)
  if (change !== undefined) return annotated ?? change.before.texts.join(', ')
  // What a repository does not write may be written on the machine.
  if (subject.scope === 'repository' || !isTold(subject, node)) return undefined
  return annotated === '' ? undefined : annotated
}

export const externalPartial: Rule = {
  id: 'node-external-partial',
  severity: 'warning',
  title: 'some nodes of ServiceLB have an external address and others have none',
  why: 'as soon as one node of a Service has one, only external addresses are announced, and the other nodes vanish',
  fix: 'give all nodes of the pool an external address, or none; or keep the ones without it in a pool of their own',
  versions: 'every version',
  looksAt: ['settings', 'live'],
  sources: ['k3s-io/k3s pkg/cloudprovider/servicelb.go (getStatus)'],
  check(subject) {
    if (subject.facts.origin === 'assumed' || !usesServiceLb(subject)) return []
    return [...poolsOf(subject.nodes).values()].flatMap((nodes): Finding[] => {
      const has = nodes.filter((node) => hasExternal(subject, node) === true)
      const lacks = nodes.filter((node) => hasExternal(subject, node) === false)
      const [first] = has
      if (first === undefined || lacks.length === 0) return []
      const at = first.settings.get(key)?.at ?? first.at
      const some = lacks.length > 3 ? `${lacks.length} nodes` : lacks.map(({ name }) => name).join(', ')
      return [
        {
          at,
          what: `${has.length} of ${nodes.length} nodes have an external address, and ${some} would vanish beside them`,
        },
      ]
    })
  },
}

/** Nodes that serve the same Services: those of one pool, of the allow-list where there is one. */
function poolsOf(nodes: readonly NodeSubject[]): ReadonlyMap<string, readonly NodeSubject[]> {
  const listed = nodes.filter(({ facts }) => facts.labels[enableLabel] !== undefined)
  const pools = new Map<string, NodeSubject[]>()
  for (const node of listed.length > 0 ? listed : nodes) {
    const pool = node.facts.labels[poolLabel] ?? ''
    const known = pools.get(pool)
    if (known === undefined) pools.set(pool, [node])
    else known.push(node)
  }
  return pools
}

/** Undefined where nobody knows. */
function hasExternal({ facts: { origin } }: LintSubject, { settings, facts }: NodeSubject): boolean | undefined {
  if (itemsOf(settings, key).length > 0) return true
  if (facts.externalAddresses !== undefined) return facts.externalAddresses.length > 0
  return origin === 'inventory' ? false : undefined
}

function usesServiceLb(subject: LintSubject): boolean {
  const servers = toldServers(subject)
  return (
    servers.length > 0 &&
    servers.every(({ settings }) => itemsOf(settings, 'disable').every(({ text }) => text.trim() !== 'servicelb'))
  )
}
