import type { LocatedLine } from '../../domain/problem.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { isBeforeKnown, isKnownMinor, knownMinors } from '../../k3s/version/known-minors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { releaseOf } from './node-release.ts'

const [oldest = '', newest = ''] = [knownMinors.at(0), knownMinors.at(-1)]

export const releaseUnknown: Rule = {
  id: 'ver-release-unknown',
  severity: 'error',
  title: 'a release that this version of Fairlead does not know',
  why: 'flags, backends and charts differ from release to release, and nobody has looked at this one',
  fix: `take a release from ${oldest} to ${newest}`,
  versions: `before ${oldest}; a notice after ${newest}`,
  looksAt: [],
  sources: ['k3s-io/k3s releases', 'k3s-io/docs docs/release-notes'],
  check: (subject) =>
    releasesOf(subject).flatMap(({ version, at }): Finding[] => {
      if (isKnownMinor(version)) return []
      if (isBeforeKnown(version)) {
        return [{ at, what: `K3s ${version.text} is older than ${oldest}, the oldest branch that is known here` }]
      }
      return [
        {
          at,
          severity: 'notice',
          what: `K3s ${version.text} is newer than ${newest}, the newest branch that is known here`,
          why: `it is taken for a ${newest}; what is new in it is not checked, and what is gone is not noticed`,
          fix: 'correct the release, or see whether a newer Fairlead knows it',
        },
      ]
    }),
}

/** The release that the documents name; elsewhere those of the nodes. */
function releasesOf(subject: LintSubject): readonly { readonly version: K3sVersion; readonly at: LocatedLine }[] {
  const { desired, version, nodes } = subject
  if (desired !== undefined) {
    return version === undefined ? [] : [{ version, at: desired.places.clusterPlace(['spec', 'k3sVersion']) }]
  }
  return nodes.flatMap((node) => {
    const release = releaseOf(node, subject)
    return release === undefined ? [] : [{ version: release, at: node.at }]
  })
}
