import { familyOf, parseAddress, parseCidr } from '../../domain/cidr.ts'
import type { ServiceFacts } from '../../domain/facts.ts'
import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { isServicelbOn, nodesToCome, predictionsToCome } from './cluster-to-come.ts'
import { type ServiceToCome, servedServices } from './services-to-come.ts'

const source = 'k3s-io/k3s pkg/cloudprovider/servicelb.go'

export const localBehindNat: Rule = {
  id: 'slb-local-nat-extip',
  severity: 'error',
  title: 'externalTrafficPolicy Local on nodes whose external address is translated in front of them',
  why: 'packets arrive with the inner address, which is not in the status, go through the pod of ServiceLB, and lose the address of the client',
  fix: 'take node-external-ip off every node, or use externalTrafficPolicy Cluster',
  versions: '1.24.11 / 1.25.7 / 1.26.2 and later',
  looksAt: ['manifests', 'live', 'settings', 'host'],
  sources: ['k3s-io/docs docs/networking/networking-services.md'],
  check(subject) {
    const { version } = subject
    if (version === undefined || !supports('servicelb-local-policy', version)) return []
    const translated = translatedNodes(subject)
    const [first] = translated
    if (first === undefined) return []
    const needsAddress = serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'flannel-external-ip'))
    return localServices(subject).map(({ key, at }) => ({
      at: at('spec', 'externalTrafficPolicy'),
      what: `Service ${key} is Local, and node ${first.name} has the external address ${first.address}`,
      // Without the machine's interfaces nobody can see who translates; the addresses only look like it.
      ...(translated.some((node) => node.isCertain) ? {} : { severity: 'warning' as const }),
      ...(needsAddress ? { fix: 'use externalTrafficPolicy Cluster; flannel-external-ip needs node-external-ip' } : {}),
    }))
  },
}

interface TranslatedNode {
  readonly name: string
  readonly address: string
  /** The machine itself does not have the address. */
  readonly isCertain: boolean
}

function translatedNodes(subject: LintSubject): TranslatedNode[] {
  const hosts = new Map(subject.nodes.map((node) => [node.name, node.host]))
  return (nodesToCome(subject) ?? []).flatMap(({ facts: { name, addresses, externalAddresses = [] } }) =>
    externalAddresses.flatMap((address): TranslatedNode[] => {
      const own = ownAddresses(hosts.get(name))
      if (own !== undefined) return own.includes(address) ? [] : [{ name, address, isCertain: true }]
      const inner = addresses.find((one) => familyOf(one) === familyOf(address))
      const looksTranslated = inner !== undefined && inner !== address && isPrivate(inner) && !isPrivate(address)
      return looksTranslated ? [{ name, address, isCertain: false }] : []
    }),
  )
}

function ownAddresses(host: NodeSubject['host']): readonly string[] | undefined {
  return host?.network?.interfaces.flatMap((one) => one.addresses.map((address) => address.replace(/\/.*$/, '')))
}

function isPrivate(text: string): boolean {
  const address = parseAddress(text)
  return privateRanges.some(
    (range) =>
      range !== undefined &&
      address?.family === range.family &&
      address.value >> BigInt(bits(range.family) - range.prefixBits) ===
        range.network >> BigInt(bits(range.family) - range.prefixBits),
  )
}

function bits(family: 4 | 6): number {
  return family === 4 ? 32 : 128
}

/** @see RFC 1918, RFC 6598, RFC 4193 */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'].map(parseCidr)

export const localWithoutNodePort: Rule = {
  id: 'slb-local-no-nodeport',
  severity: 'error',
  title: 'externalTrafficPolicy Local without node ports',
  why: 'ServiceLB hands traffic to the node port under Local; without one it goes to port 0',
  fix: 'take allocateLoadBalancerNodePorts: false away, or use externalTrafficPolicy Cluster',
  versions: '1.24.11 / 1.25.7 / 1.26.2 and later',
  looksAt: ['manifests', 'live'],
  sources: [source],
  check(subject) {
    const { version } = subject
    if (version === undefined || !supports('servicelb-local-policy', version)) return []
    return localServices(subject)
      .filter(({ service }) => service.allocateLoadBalancerNodePorts === false && !hasNodePorts(service))
      .map(({ key, at }) => ({
        at: at('spec', 'allocateLoadBalancerNodePorts'),
        what: `Service ${key} is Local and has no node ports`,
      }))
  },
}

function hasNodePorts({ ports = [] }: ServiceFacts): boolean {
  return ports.length > 0 && ports.every((port) => (port.nodePort ?? 0) > 0)
}

export const localWithoutEndpoints: Rule = {
  id: 'slb-local-no-endpoints',
  severity: 'warning',
  title: 'externalTrafficPolicy Local and no node of the Service runs an endpoint',
  why: 'the status names nodes with an endpoint only, so the Service stays pending',
  fix: 'run the pods on the nodes of its pool (a DaemonSet, or an affinity to the label of the pool), or use Cluster',
  versions: '1.24.11 / 1.25.7 / 1.26.2 and later',
  looksAt: ['live'],
  sources: [source],
  check(subject) {
    const services = new Map(localServices(subject).map((one) => [one.key, one]))
    return predictionsToCome(subject).flatMap(({ key, ideal }): Finding[] => {
      const one = services.get(key)
      if (one === undefined || ideal.pending?.code !== 'no-endpoint') return []
      const running = one.service.endpointNodes ?? []
      const where = running.length === 0 ? 'on no node' : `on ${running.join(', ')} only`
      return [{ at: one.at('spec', 'externalTrafficPolicy'), what: `Service ${key} has ready endpoints ${where}` }]
    })
  },
}

export const localTooOld: Rule = {
  id: 'slb-local-old',
  severity: 'warning',
  title: 'externalTrafficPolicy Local in a release that ignores it',
  why: 'ServiceLB shows every node, and pods see the address of a node instead of the address of the client',
  fix: 'upgrade K3s',
  versions: 'before 1.24.11 / 1.25.7 / 1.26.2',
  looksAt: ['manifests', 'live'],
  sources: [source],
  check(subject) {
    const { version } = subject
    if (version === undefined || supports('servicelb-local-policy', version)) return []
    return localServices(subject).map(({ key, at }) => ({
      at: at('spec', 'externalTrafficPolicy'),
      what: `Service ${key} is Local, and ${version.text} treats it as Cluster`,
    }))
  },
}

function localServices(subject: LintSubject): readonly ServiceToCome[] {
  if (!isServicelbOn(subject)) return []
  return servedServices(subject).filter(({ service }) => service.externalTrafficPolicy === 'Local')
}
