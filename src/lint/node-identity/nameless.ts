import { assumedFacts } from '../../domain/facts.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

/** Whether a node stands for all those that nobody named. */
export function isNameless({ name }: NodeSubject): boolean {
  return assumedFacts.nodes.some((node) => node.name === name)
}

/** Whether a node is known to be a server. Where nobody knows the nodes, one that a document names may be an agent. */
export function isSurelyServer({ facts }: LintSubject, node: NodeSubject): boolean {
  return node.role === 'server' && (facts.origin !== 'assumed' || isNameless(node))
}
