import type { HostListener } from '../../domain/host.ts'
import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { flannelPorts } from '../../k3s/flannel/flannel-devices.ts'
import { defaultApiPort, etcdPorts, kubeletPort, registryPort } from '../../k3s/ports/inbound-ports.ts'
import { flannelConfOf } from '../flannel/pod-network.ts'
import { holdsEtcd } from '../node-identity/embedded-etcd.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

/** Programs that K3s consists of; the kernel shortens their names to 15 characters. */
const ownProgram = /^(k3s|k3s-server|k3s-agent|kernel|containerd|containerd-shim.*)$/

interface WantedPort {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  /** For people: `the API server`. */
  readonly use: string
  /** K3s listens on 127.0.0.1 alone. */
  readonly isLocal?: boolean
}

export const portTaken: Rule = {
  id: 'machine-port-taken',
  severity: 'error',
  title: 'a port of K3s that another program listens on',
  why: 'the part of K3s that needs it does not start, and K3s with it, or answers come from the wrong program',
  fix: 'stop the other program, or give it another port',
  versions: 'every version',
  looksAt: ['host', 'settings'],
  sources: ['k3s-io/docs docs/installation/requirements.md', 'kubernetes/kubernetes pkg/cluster/ports/ports.go'],
  check: (subject) => (subject.scope === 'machine' ? subject.nodes.flatMap((node) => takenPorts(subject, node)) : []),
}

function takenPorts(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const listeners = node.host?.network?.listeners ?? []
  const isRunning = node.host?.process !== undefined
  return wantedPorts(subject, node).flatMap((wanted): Finding[] => {
    const { protocol, port, use } = wanted
    const taken = listeners.find((listener) => isInTheWay(listener, wanted) && isForeign(listener, isRunning))
    if (taken === undefined) return []
    const who = taken.program ?? 'a program that only root may look at'
    const what = `${who} listens on ${protocol.toUpperCase()} ${port} of ${node.name}, which ${use} needs`
    return [{ at: node.at, what, fix: fixOf(taken) }]
  })
}

function isInTheWay({ protocol, port, address }: HostListener, wanted: WantedPort): boolean {
  if (protocol !== wanted.protocol || port !== wanted.port) return false
  return wanted.isLocal !== true || ['0.0.0.0', '127.0.0.1', '::'].includes(address)
}

/** Beside a K3s that runs, a port whose owner is not known is its own. */
function isForeign({ program }: HostListener, isRunning: boolean): boolean {
  return program === undefined ? !isRunning : !ownProgram.test(program)
}

function fixOf({ protocol, port, pid }: HostListener): string {
  const look = `ss -${protocol === 'tcp' ? 't' : 'u'}lnp 'sport = :${port}' shows it`
  return pid === undefined ? `${look}; run it as root` : `${look}; stop process ${pid}, or give it another port`
}

function wantedPorts(subject: LintSubject, node: NodeSubject): readonly WantedPort[] {
  const { settings, role } = node
  const isOn = (key: string): boolean => isSwitchedOn(settings, key)
  const isServer = role === 'server'
  const hasKubelet = !isOn('disable-agent')
  const tcp = (port: number, use: string, isWanted: boolean): readonly WantedPort[] =>
    isWanted ? [{ protocol: 'tcp', port, use }] : []
  const local = (port: number, use: string, isWanted: boolean): readonly WantedPort[] =>
    tcp(port, use, isWanted).map((wanted) => ({ ...wanted, isLocal: true }))
  const apiPort = portOf(node, 'https-listen-port', defaultApiPort)
  const conf = flannelConfOf(subject, node)
  const overlay = conf === undefined ? [] : flannelPorts(conf)
  return [
    ...tcp(apiPort, 'the API server', isServer),
    // K3s puts itself in front of the API server, which gets the next port.
    ...local(apiPort + 1, 'the API server', isServer),
    ...local(portOf(node, 'lb-server-port', 6444), "K3s's own load balancer for the API server", !isServer),
    ...tcp(kubeletPort, 'the kubelet', hasKubelet),
    ...local(10_248, 'the health check of the kubelet', hasKubelet),
    ...tcp(10_256, 'the health check of kube-proxy', hasKubelet && !isOn('disable-kube-proxy')),
    ...local(10_257, 'the controller manager', isServer && !isOn('disable-controller-manager')),
    ...local(10_259, 'the scheduler', isServer && !isOn('disable-scheduler')),
    ...tcp(etcdPorts.first, 'etcd', holdsEtcd(node)),
    ...tcp(etcdPorts.last, 'etcd', holdsEtcd(node)),
    ...tcp(registryPort, 'the embedded registry', isServer && isOn('embedded-registry')),
    ...overlay.flatMap((one): WantedPort[] =>
      one.protocol === 'udp' ? [{ protocol: 'udp', port: one.port, use: 'flannel' }] : [],
    ),
  ]
}

function portOf({ settings }: NodeSubject, key: string, fallback: number): number {
  const port = Number(scalarOf(settings, key)?.text ?? fallback)
  return Number.isInteger(port) ? port : fallback
}
