import type { ConfigEntry, ConfigScalar, NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import type { Flag } from '../../k3s/flags/flag.ts'
import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import type { Finding } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

/** Findings of every node whose configuration files were read. */
export function inConfigurations(
  subject: LintSubject,
  check: (config: NodeConfigReading, node: NodeSubject) => readonly Finding[],
): Finding[] {
  return subject.nodes.flatMap((node) => (node.config === undefined ? [] : check(node.config, node)))
}

/** Findings of every key of every configuration file, with the flag that the key means. */
export function inEntries(
  subject: LintSubject,
  check: (entry: ConfigEntry, flag: Flag | undefined) => readonly Finding[],
): Finding[] {
  return inConfigurations(subject, ({ files }) =>
    files.flatMap((file) => file.entries.flatMap((entry) => check(entry, findFlag(entry.key)))),
  )
}

/** The single values of an entry: itself, or the items of its list. */
export function scalarsOf(entry: ConfigEntry): readonly ConfigScalar[] {
  const { value } = entry
  if (value.kind === 'scalar') return [value]
  return value.kind === 'list' ? value.items.filter((item) => item.kind === 'scalar') : []
}

/** The place without the text of its line, for values that may be secret. */
export function placeOnly(at: LocatedLine): LocatedLine {
  return { place: at.place }
}
