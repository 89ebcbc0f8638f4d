import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

/** The release that a node runs, or is meant to run; undefined where nobody said. */
export function releaseOf(node: NodeSubject, subject: LintSubject): K3sVersion | undefined {
  return node.version ?? subject.version
}
