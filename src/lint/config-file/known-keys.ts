import type { NodeRole } from '../../domain/facts.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { allFlags, findFlag, isKnownTo, longNameOf } from '../../k3s/flags/flag-catalogue.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { closestWord } from '../../text/suggest.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { ruledFlags } from '../versioned-flags/flag-gates.ts'
import { releaseOf } from '../versioned-flags/node-release.ts'

const parser = 'k3s-io/k3s pkg/configfilearg/parser.go'

export const knownKeyRules: readonly Rule[] = [
  {
    id: 'cfg-unknown-key-server',
    severity: 'error',
    title: 'a key that k3s server does not know',
    why: 'K3s skips it with one line in its log, and the default stays in force',
    fix: 'correct the key, or take it away',
    versions: 'every version',
    looksAt: ['settings', 'config-files'],
    sources: [parser],
    check: (subject) => unknownKeys(subject, 'server'),
  },
  {
    id: 'cfg-unknown-key-agent',
    severity: 'error',
    title: 'a key that k3s agent does not know',
    why: 'the agent ends at once with "flag provided but not defined", and its unit starts it again for ever',
    fix: 'correct the key, or take it away',
    versions: 'every version',
    looksAt: ['settings', 'config-files'],
    sources: [parser, 'k3s-io/k3s#6565'],
    check: (subject) => unknownKeys(subject, 'agent'),
  },
  {
    id: 'cfg-server-key-on-agent',
    severity: 'error',
    title: 'an option of servers on an agent',
    why: 'agents learn it from their server and end with "flag provided but not defined" when it is written here',
    fix: 'write it for servers only',
    versions: 'every version',
    looksAt: ['settings', 'config-files'],
    sources: ['k3s-io/k3s pkg/cli/cmds/agent.go'],
    check: (subject) =>
      nodesOf(subject, 'agent').flatMap((node) =>
        writtenKeys(node).flatMap(({ key, at }) => {
          const flag = findFlag(key)
          if (flag === undefined || flag.commands.includes('agent')) return []
          return [{ at, what: `${flag.name} is an option of k3s server, and ${node.name} is an agent` }]
        }),
      ),
  },
]

function unknownKeys(subject: LintSubject, role: NodeRole): Finding[] {
  return nodesOf(subject, role).flatMap((node) => {
    const version = releaseOf(node, subject)
    return writtenKeys(node).flatMap((written) => unknownKey(written, role, version))
  })
}

function unknownKey({ key, at }: WrittenKey, role: NodeRole, version: K3sVersion | undefined): Finding[] {
  const flag = findFlag(key)
  if (flag === undefined) {
    const meant = closestWord(key, knownNames(role, version))
    return [
      {
        at,
        what: `${JSON.stringify(key)} is no option of k3s ${role}`,
        ...(meant === undefined ? {} : { fix: `did you mean ${meant}?` }),
      },
    ]
  }
  if (role === 'agent' && !flag.commands.includes('agent')) return []
  if (isKnownTo(flag, role, version) || ruledFlags.has(flag.name)) return []
  if (!flag.commands.includes(role)) return [{ at, what: `${flag.name} is an option of k3s agent alone` }]
  return [{ at, what: `k3s ${role} ${version?.text ?? ''} does not know ${flag.name}` }]
}

function knownNames(role: NodeRole, version: K3sVersion | undefined): readonly string[] {
  return allFlags.filter((flag) => isKnownTo(flag, role, version)).map((flag) => flag.name)
}

interface WrittenKey {
  /** A long name, or text that no option has. */
  readonly key: string
  readonly at: LocatedLine
}

/** What reached the settings, and what is written in a file whether or not it did. */
function writtenKeys(node: NodeSubject): readonly WrittenKey[] {
  const settings = [...node.settings.values()].map(({ key, at }) => ({ key, at }))
  const entries = (node.config?.files ?? []).flatMap((file) =>
    file.entries.map((entry) => ({ key: longNameOf(entry.key), at: entry.at })),
  )
  return [...entries, ...settings]
}

function nodesOf(subject: LintSubject, role: NodeRole): readonly NodeSubject[] {
  return subject.nodes.filter((node) => node.role === role)
}
