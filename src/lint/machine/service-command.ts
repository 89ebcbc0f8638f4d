import type { NodeSubject } from '../subject.ts'

/** The command that restarts K3s on a machine: `systemctl restart k3s-agent`. */
export function restartCommand(node: NodeSubject): string {
  return serviceCommand(node, 'restart')
}

export function serviceCommand({ role, host }: NodeSubject, verb: 'restart' | 'start'): string {
  const name = role === 'agent' ? 'k3s-agent' : 'k3s'
  return host?.files.has(`/etc/init.d/${name}`) === true ? `rc-service ${name} ${verb}` : `systemctl ${verb} ${name}`
}
