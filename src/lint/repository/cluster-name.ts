import type { Rule } from '../rule.ts'

/** A machine is adopted for a cluster by its name; two names for one directory would make that a guess. */
export const clusterNameMismatch: Rule = {
  id: 'repo-cluster-name',
  severity: 'error',
  title: 'the cluster is named otherwise than its directory',
  why: 'machines are adopted for a cluster by this name, and reports use it',
  fix: 'write the name of the directory, or rename the directory',
  versions: 'every version',
  looksAt: [],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired }) {
    if (desired === undefined) return []
    const directory = desired.clusterDirectory.slice(desired.clusterDirectory.lastIndexOf('/') + 1)
    const { name } = desired.cluster.metadata
    if (name === directory) return []
    return [
      {
        at: desired.places.clusterPlace(['metadata', 'name']),
        what: `the cluster is named ${JSON.stringify(name)} and its directory ${JSON.stringify(directory)}`,
        fix: `write name: ${directory}, or rename the directory`,
      },
    ]
  },
}
