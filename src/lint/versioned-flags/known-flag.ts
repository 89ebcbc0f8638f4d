import { findFlag, flagState } from '../../k3s/flags/flag-catalogue.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { releaseOf } from './node-release.ts'

/**
 * Whether the release of a node has a flag, so that what is written for it takes effect. A release that nobody knows is
 * taken for one that has it; that another one does not is told by the rules about flags and releases.
 */
export function knowsFlag(subject: LintSubject, node: NodeSubject, name: string): boolean {
  const flag = findFlag(name)
  const version = releaseOf(node, subject)
  return flag === undefined || version === undefined || !['unknown-yet', 'removed'].includes(flagState(flag, version))
}
