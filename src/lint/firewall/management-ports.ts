import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { apiPortOf } from './closed-ports.ts'

/**
 * TCP ports of a node that the documents cannot close to anybody, because they name nobody who administers it: those of
 * SSH, and that of the API server where the node answers on it. Empty where somebody is named.
 * @see k3s-networking §9.1; k3s-io/docs docs/installation/registry-mirror.md
 */
export function portsOpenToEverybody(subject: LintSubject, node: NodeSubject): readonly number[] {
  const management = node.networks.map(({ spec }) => spec.firewall.management)
  if (management.some(({ from }) => from.length > 0)) return []
  const ssh = management.flatMap(({ sshPorts }) => sshPorts ?? [])
  const hasApiPort =
    node.role === 'server' || serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'embedded-registry'))
  return [...(ssh.length === 0 ? [defaultSshPort] : ssh), ...(hasApiPort ? [apiPortOf(subject)] : [])]
}

const defaultSshPort = 22
