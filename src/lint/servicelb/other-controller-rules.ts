import { servicelbEra } from '../../k3s/servicelb/eras.ts'
import { poolLabel } from '../../k3s/servicelb-labels.ts'
import type { Finding, Rule } from '../rule.ts'
import type { ObjectSubject } from '../subject.ts'
import { isServicelbOn } from './cluster-to-come.ts'
import { servedServices, servicesToCome } from './services-to-come.ts'

export const classIgnored: Rule = {
  id: 'slb-class-ignored',
  severity: 'warning',
  title: 'loadBalancerClass does not do what the rest of the Service expects',
  why: 'since 1.23.13 / 1.24.7 / 1.25.3 ServiceLB leaves every Service with a class alone; before, it serves all of them',
  fix: 'take the class away to have ServiceLB serve it, or the pool to leave it to the other controller',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: ['k3s-io/k3s docs/adrs/servicelb-ccm.md'],
  check(subject) {
    const { version } = subject
    if (version === undefined || !isServicelbOn(subject)) return []
    const isOld = servicelbEra(version) === 'standalone'
    return servicesToCome(subject).flatMap(({ service, key, at }): Finding[] => {
      const { loadBalancerClass: name, type, labels } = service
      if (name === undefined || type !== 'LoadBalancer') return []
      const place = at('spec', 'loadBalancerClass')
      if (isOld) return [{ at: place, what: `Service ${key} has class ${name}, and ${version.text} serves it anyway` }]
      if ((labels[poolLabel] ?? '') === '') return []
      return [{ at: place, what: `Service ${key} is in a pool of ServiceLB and has class ${name}` }]
    })
  },
}

export const twoControllers: Rule = {
  id: 'slb-two-controllers',
  severity: 'error',
  title: 'another load balancer is there beside ServiceLB, and Services do not say whose they are',
  why: 'both write the status of the Service, and its addresses go back and forth',
  fix: 'disable servicelb, or give every Service of the other one its loadBalancerClass (1.23.13 / 1.24.7 / 1.25.3 and later)',
  versions: 'every version',
  looksAt: ['manifests', 'live', 'settings'],
  sources: ['k3s-io/docs docs/networking/networking-services.md'],
  check(subject) {
    const { version } = subject
    if (version === undefined || !isServicelbOn(subject)) return []
    const [other] = subject.objects.flatMap((one) => {
      const name = loadBalancerIn(one)
      return name === undefined ? [] : [{ name, at: one.at }]
    })
    if (other === undefined) return []
    const shared = servedServices(subject).map(({ key }) => key)
    const [first] = shared
    if (first === undefined) return []
    const rest = shared.length === 1 ? '' : ` and ${shared.length - 1} more`
    return [{ at: other.at, what: `${other.name} and ServiceLB would both serve ${first}${rest}` }]
  },
}

/** The load balancer that an object belongs to, as far as it can be told from the object alone. */
function loadBalancerIn({ object }: ObjectSubject): string | undefined {
  const { apiVersion, kind, metadata } = object
  // An address pool is what makes MetalLB give out addresses; the charts alone do not.
  if (apiVersion.startsWith('metallb.io/') && kind === 'IPAddressPool') return 'MetalLB'
  const isWorkload = kind === 'DaemonSet' || kind === 'Deployment'
  if (isWorkload && metadata.namespace === 'metallb-system' && metadata.name === 'controller') return 'MetalLB'
  if (isWorkload && metadata.name === 'kube-vip-cloud-provider') return 'kube-vip'
  return isWorkload && knownCloudControllers.has(metadata.name) ? metadata.name : undefined
}

/** Names that the projects' own manifests give the controllers that serve LoadBalancer Services. */
const knownCloudControllers: ReadonlySet<string> = new Set([
  'hcloud-cloud-controller-manager',
  'digitalocean-cloud-controller-manager',
  'openstack-cloud-controller-manager',
  'aws-cloud-controller-manager',
])

export const lbIpIgnored: Rule = {
  id: 'slb-lbip-ignored',
  severity: 'warning',
  title: 'loadBalancerIP or externalIPs on a Service that ServiceLB serves',
  why: 'ServiceLB does not read it: the Service gets the addresses of its nodes',
  fix: 'choose the nodes with a pool instead',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: ['k3s-io/k3s pkg/cloudprovider/servicelb.go'],
  check(subject) {
    if (!isServicelbOn(subject)) return []
    return servedServices(subject).flatMap(({ service, key, at }): Finding[] => [
      ...(service.loadBalancerIP === undefined
        ? []
        : [{ at: at('spec', 'loadBalancerIP'), what: `Service ${key} asks for ${service.loadBalancerIP}` }]),
      ...externalIPsOf(service.externalIPs ?? []).map((what) => ({
        at: at('spec', 'externalIPs'),
        what: `Service ${key} ${what}`,
        severity: 'notice' as const,
        why: 'kube-proxy answers on them beside the addresses of the nodes; they do not choose nodes for ServiceLB',
      })),
    ])
  },
}

function externalIPsOf(addresses: readonly string[]): string[] {
  return addresses.length === 0 ? [] : [`has external addresses ${addresses.join(', ')}`]
}
