import { rebuildWayOut } from '../../k3s/change-impact.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { type FlagChange, flagChange, nodeBefore } from './changes.ts'
import { printReading } from './server-values.ts'
import { toldServers } from './told-nodes.ts'

const immutableKeys = ['cluster-cidr', 'service-cidr', 'cluster-dns', 'cluster-domain'] as const

export const immutable: Rule = {
  id: 'con-immutable',
  severity: 'error',
  title: 'a value that a cluster keeps for life is changed',
  why: 'nodes, Services, certificates and pods keep what they were made with, and no restart gives them another value',
  fix: rebuildWayOut,
  versions: 'every version',
  looksAt: ['settings', 'before'],
  sources: ['k3s-io/docs docs/cli/server.md'],
  check: (subject) =>
    toldServers(subject).flatMap((node) => {
      const before = serverBefore(subject, node)
      if (before === undefined) return []
      return immutableKeys.flatMap((key): Finding[] => {
        const change = flagChange(subject, before, node, key)
        if (change === undefined) return []
        // A changed range takes the DNS address that K3s counts out of it along.
        if (key === 'cluster-dns' && !node.settings.has(key) && !before.settings.has(key)) return []
        return [{ at: change.at, what: printChange(change), ...(change.wasKnown ? {} : unwritten) }]
      })
    }),
}

const unwritten = {
  severity: 'warning',
  why: 'the cluster keeps the value it was made with; the repository did not write one before, and K3s takes this one by default',
  fix: 'make sure that the cluster was made with the new value, or leave the field out again',
} as const

function printChange({ key, before, after, wasKnown }: FlagChange): string {
  const from = wasKnown ? printReading(before) : `${printReading(before)} (not written)`
  return `${key} changes from ${from} to ${printReading(after)}`
}

/** These are the same on all servers, so that any server of before will do for one that is new or renamed. */
function serverBefore(subject: LintSubject, node: NodeSubject): NodeSubject | undefined {
  const { before } = subject
  if (before === undefined) return undefined
  return nodeBefore(subject, node) ?? toldServers(before)[0]
}

export const serverRestarts: Rule = {
  id: 'con-server-restarts',
  severity: 'notice',
  title: 'several servers get other settings',
  why: 'K3s reads its settings when it starts, and two servers that restart at the same time can cost etcd its majority',
  fix: 'nothing is to be done where Fairlead restarts them: it takes one at a time; by hand, wait until one is ready before the next',
  versions: 'every version',
  looksAt: ['settings', 'before'],
  sources: ['k3s-io/docs docs/datastore/ha-embedded.md', 'k3s-io/docs docs/upgrades/manual.md'],
  check(subject) {
    if (subject.facts.origin === 'assumed') return []
    const changed = toldServers(subject).flatMap((node) => {
      const keys = changedKeys(subject, node)
      return keys.length === 0 ? [] : [{ name: node.name, keys }]
    })
    if (changed.length < 2) return []
    const keys = [...new Set(changed.flatMap((one) => one.keys))].sort()
    const names = changed.length > 5 ? '' : `: ${changed.map(({ name }) => name).join(', ')}`
    return [
      {
        at: subject.at,
        what: `${changed.length} servers restart one after another for ${keys.join(', ')}${names}`,
      },
    ]
  },
}

function changedKeys(subject: LintSubject, node: NodeSubject): readonly string[] {
  const before = nodeBefore(subject, node)
  if (before === undefined) return []
  const keys = new Set([...node.settings.keys(), ...before.settings.keys()])
  return [...keys].filter((key) => flagChange(subject, before, node, key) !== undefined)
}
