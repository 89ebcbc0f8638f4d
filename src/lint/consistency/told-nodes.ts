import { isNameless } from '../node-identity/nameless.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'

/**
 * Whether the settings of a node are all that it is told. Those of a repository are; elsewhere they are when they are not
 * empty, when the files behind them were read, or when the Node's annotation says that K3s was started without any.
 */
export function isTold({ scope }: LintSubject, { settings, config, facts }: NodeSubject): boolean {
  const isAnnotated = facts.annotations?.['k3s.io/node-args'] !== undefined
  return scope === 'repository' || settings.size > 0 || config !== undefined || isAnnotated
}

/** The servers whose settings are known, so that what they do not say is a default. */
export function toldServers(subject: LintSubject): readonly NodeSubject[] {
  return serversOf(subject).filter((node) => isTold(subject, node))
}

/** `server pi-1`; a node that stands for all that nobody named is called so. */
export function printNode(node: NodeSubject): string {
  return isNameless(node) ? `every other ${node.role}` : `${node.role} ${node.name}`
}
