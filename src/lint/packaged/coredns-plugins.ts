import { type CustomEntryFault, customEntryFaults, customEntryKind } from '../../k3s/coredns/custom-entries.ts'
import { corednsPlugins } from '../../k3s/coredns/plugins.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { closestWord } from '../../text/suggest.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { type CustomEntry, customEntries } from './coredns-custom.ts'
import { isDisabled } from './disabled-items.ts'

export const corednsOnce: Rule = {
  id: 'pkg-corednscustom-once',
  severity: 'error',
  title: 'an override with a plugin that the packaged server block has already',
  why: 'CoreDNS takes it once in a block: it keeps what it has until it restarts, and then does not start, and the cluster has no DNS',
  fix: 'take it out; the packaged block has it',
  versions: '1.24.15 / 1.25.11 / 1.26.6 / 1.27.3 and later',
  looksAt: ['manifests', 'live'],
  sources: ['k3s-io/k3s manifests/coredns.yaml', 'coredns/coredns plugin/hosts/setup.go'],
  check(subject) {
    return faultsOf(subject, 'stands-already').map(({ key, at, word, line }): Finding => {
      const what = `${key} has ${word} in its line ${line}, and the packaged server block has it as well`
      return word === 'hosts' || word === 'kubernetes'
        ? { at, what, fix: `give the zone a server block of its own in NAME.server, with ${word} in it` }
        : { at, what }
    })
  },
}

export const corednsPlugin: Rule = {
  id: 'pkg-corednscustom-plugin',
  severity: 'error',
  title: 'a plugin in coredns-custom that CoreDNS does not have',
  why: 'CoreDNS keeps what it has until it restarts, and then does not start, and the cluster has no DNS',
  fix: 'write a plugin that is part of CoreDNS; those from elsewhere are not in the image of K3s',
  versions: '*.server from 1.21.7 / 1.22.4 on, *.override from 1.24.15 / 1.25.11 / 1.26.6 / 1.27.3 on',
  looksAt: ['manifests', 'live'],
  sources: ['coredns/coredns plugin.cfg', 'k3s-io/k3s manifests/coredns.yaml'],
  check(subject) {
    return faultsOf(subject, 'unknown-plugin').map(({ key, at, word, line }): Finding => {
      const what = `${key} has ${JSON.stringify(word)} in its line ${line}, which is no plugin of CoreDNS`
      const meant = closestWord(word, corednsPlugins)
      // What resembles none may be a plugin that came after this list.
      return meant === undefined ? { at, what, severity: 'warning' } : { at, what, fix: `did you mean ${meant}?` }
    })
  },
}

interface EntryFault extends Omit<CustomEntry, 'text'> {
  readonly word: string
  readonly line: number
}

/** Of the entries that the release imports into its own CoreDNS. */
function faultsOf(subject: LintSubject, wanted: CustomEntryFault['kind']): EntryFault[] {
  if (isDisabled(subject, 'coredns')) return []
  return customEntries(subject)
    .filter(({ key }) => isImported(key, subject))
    .flatMap(({ key, text, at }) =>
      customEntryFaults(key, text).flatMap(({ kind, word = '', line }) =>
        kind === wanted ? [{ key, at, word, line }] : [],
      ),
    )
}

function isImported(key: string, { version }: LintSubject): boolean {
  const kind = customEntryKind(key)
  if (kind === 'ignored') return false
  const gate = kind === 'server' ? 'coredns-custom-servers' : 'coredns-custom-overrides'
  return version === undefined || supports(gate, version)
}
