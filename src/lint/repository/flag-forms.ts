import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { Finding, Rule } from '../rule.ts'
import { documentFlags, printScope } from './document-flags.ts'

export const flagOneValue: Rule = {
  id: 'repo-flag-one-value',
  severity: 'error',
  title: 'a list for a flag that has one value',
  why: 'K3s takes the last item and drops the others, or parses none of it',
  fix: 'write the value itself',
  versions: 'every version',
  looksAt: [],
  sources: ['k3s-io/k3s pkg/configfilearg/parser.go'],
  check({ desired }) {
    return (desired === undefined ? [] : documentFlags(desired)).flatMap((flag): Finding[] => {
      const known = findFlag(flag.key)
      if (known === undefined || known.type === 'list' || !Array.isArray(flag.value)) return []
      const at = known.isSecret === true ? { place: flag.place().place } : flag.place()
      const what = `${flag.writtenKey} takes one value, and a list of ${flag.value.length} stands in ${printScope(flag.scope)}`
      return [{ at, what }]
    })
  },
}

/** Flags that move what Fairlead writes out of K3s's sight, or that are no settings: by name, the reason. */
const reserved: Readonly<Record<string, { readonly why: string; readonly fix: string }>> = {
  'data-dir': {
    why: `manifests are written below ${k3sPaths.dataDir}; K3s would read another directory and deploy none of them`,
    fix: `take it away; a file system of its own is mounted at ${k3sPaths.dataDir}`,
  },
  config: {
    why: 'K3s looks for its configuration on its command line and in its environment; in a configuration file this says nothing',
    fix: `take it away, and keep the configuration in ${k3sPaths.config}`,
  },
  'cluster-reset': {
    why: 'it is an action and no setting: each start would reset the members of etcd and end',
    fix: 'take it away, and run k3s server --cluster-reset by hand when it is needed',
  },
  'cluster-reset-restore-path': {
    why: 'it belongs to the action cluster-reset, which is no setting',
    fix: 'take it away, and give it to k3s server --cluster-reset by hand when it is needed',
  },
}

export const flagReserved: Rule = {
  id: 'repo-flag-reserved',
  severity: 'error',
  title: 'a flag that is not for k3sFlags',
  why: 'it moves what Fairlead writes out of the sight of K3s, or is an action and no setting',
  fix: 'take it away',
  versions: 'every version',
  looksAt: [],
  sources: ['k3s-io/k3s pkg/configfilearg/defaultparser.go', 'k3s-io/docs docs/cli/server.md'],
  check({ desired }) {
    return (desired === undefined ? [] : documentFlags(desired)).flatMap((flag): Finding[] => {
      const reason = reserved[flag.key]
      if (reason === undefined || flag.value === false) return []
      return [{ at: flag.place(), what: `${flag.writtenKey} cannot be set in ${printScope(flag.scope)}`, ...reason }]
    })
  },
}
