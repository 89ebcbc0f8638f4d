import type { ConfigEntry, ConfigFileReading } from '../../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { findFlag, longNameOf } from '../../k3s/flags/flag-catalogue.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { ownFlagMaps } from '../repository/own-flags.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { releaseOf } from '../versioned-flags/node-release.ts'
import { inConfigurations } from './config-readings.ts'

const flagLibrary = 'urfave/cli normalizeFlags'
const parser = 'k3s-io/k3s pkg/configfilearg/parser.go'

export const repeatedKeyRules: readonly Rule[] = [
  {
    id: 'cfg-duplicate-key',
    severity: 'error',
    title: 'a key that is written twice in one file',
    why: 'the second replaces the first without a word',
    fix: 'keep one of them, with every value it should have',
    versions: 'every version',
    looksAt: ['config-files'],
    sources: [parser],
    check: (subject) => inConfigurations(subject, ({ files }) => files.flatMap(duplicates)),
  },
  {
    id: 'cfg-alias-conflict',
    severity: 'error',
    title: 'one option under two names',
    why: 'K3s ends with "Cannot use two forms of the same flag"',
    fix: 'use the long name everywhere',
    versions: 'every version',
    looksAt: ['settings', 'config-files'],
    sources: [parser, flagLibrary],
    check: (subject) => [
      ...inConfigurations(subject, ({ files, arguments: words }) =>
        twoNames([...files.flatMap((file) => file.entries), ...words]),
      ),
      ...ownFlagMaps(subject).flatMap((flags) =>
        // What is rendered has one name, so K3s would start, with one of the two values.
        twoNames(flags).map((finding) => ({
          ...finding,
          why: 'Fairlead renders the long name with one of the values',
        })),
      ),
    ],
  },
  {
    id: 'cfg-scalar-append',
    severity: 'error',
    title: 'a key ending in + for an option with one value',
    why: 'K3s gets the option twice and takes the last one',
    fix: 'write the key without +',
    versions: '1.21.1 and later',
    looksAt: ['config-files'],
    sources: [parser],
    check: (subject) =>
      inConfigurations(subject, ({ files }, node) => (knowsAppending(subject, node) ? scalarAppends(files) : [])),
  },
  {
    id: 'cfg-plain-after-append',
    severity: 'warning',
    title: 'a plain key that discards what was appended before it',
    why: 'a key without + forgets every value that earlier lines and files collected',
    fix: 'write it with + as well, or move it to the first file',
    versions: '1.21.1 and later',
    looksAt: ['config-files'],
    sources: [parser],
    check: (subject) =>
      inConfigurations(subject, ({ files }, node) => (knowsAppending(subject, node) ? discarded(files) : [])),
  },
]

function duplicates(file: ConfigFileReading): Finding[] {
  const seen = new Set<string>()
  return file.entries.flatMap((entry) => {
    if (entry.appends) return []
    if (seen.has(entry.key)) return [{ at: entry.at, what: `${entry.key} is written again in ${file.path}` }]
    seen.add(entry.key)
    return []
  })
}

function twoNames(written: readonly { readonly key: string; readonly at: LocatedLine }[]): Finding[] {
  const firstNames = new Map<string, string>()
  return written.flatMap(({ key, at }) => {
    const name = longNameOf(key)
    const first = firstNames.get(name)
    if (first === undefined) firstNames.set(name, key)
    return first === undefined || first === key ? [] : [{ at, what: `${key} is ${first} under another name` }]
  })
}

/** Older releases take the + for a part of the name, which cfg-file-unsupported tells. */
function knowsAppending(subject: LintSubject, node: NodeSubject): boolean {
  const version = releaseOf(node, subject)
  return version === undefined || supports('append-keys', version)
}

function scalarAppends(files: readonly ConfigFileReading[]): Finding[] {
  return files.flatMap(({ entries }) =>
    entries.flatMap(({ key, appends, at }): Finding[] => {
      const flag = appends ? findFlag(key) : undefined
      if (flag === undefined || flag.type === 'list') return []
      return [{ at, what: `${key}+ appends to ${flag.name}, which takes one value` }]
    }),
  )
}

function discarded(files: readonly ConfigFileReading[]): Finding[] {
  const appended = new Map<string, ConfigEntry>()
  return files.flatMap((file) =>
    file.entries.flatMap((entry): Finding[] => {
      if (entry.appends) {
        appended.set(entry.key, entry)
        return []
      }
      const lost = appended.get(entry.key)
      if (lost === undefined) return []
      appended.delete(entry.key)
      const { file: lostFile, line } = lost.at.place
      return [{ at: entry.at, what: `${entry.key} discards what ${entry.key}+ collected at ${lostFile}:${line}` }]
    }),
  )
}
