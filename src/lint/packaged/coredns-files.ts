import { itemsOf } from '../../k3s/config/effective-settings.ts'
import { defaultTexts } from '../../k3s/config/flag-defaults.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type ObjectSubject, serversOf } from '../subject.ts'
import { asRecord } from './chart-overrides.ts'
import { disableItems, isDisabled } from './disabled-items.ts'

const sources = ['k3s-io/k3s manifests/coredns.yaml', 'k3s-io/k3s pkg/node/controller.go']

export const corednsGap: Rule = {
  id: 'pkg-coredns-gap',
  severity: 'error',
  title: 'CoreDNS is disabled and nothing has the cluster DNS address',
  why: 'every pod asks the cluster DNS address, and nothing of K3s answers there any more',
  fix: 'give another DNS Service that address, or enable CoreDNS',
  versions: 'every version',
  looksAt: ['settings', 'manifests', 'live'],
  sources,
  check(subject) {
    const item = disableItems(subject).find(({ text }) => text === 'coredns')
    if (item === undefined) return []
    const addresses = clusterDnsAddresses(subject)
    if (addresses.length > 0 && servedAddresses(subject).some((address) => addresses.includes(address))) return []
    const at = subject.desired?.places.clusterPlace(['spec', 'components', 'coredns', 'enabled']) ?? item.at
    const asked = addresses.length === 0 ? '' : ` and no known Service has ${addresses.join(' or ')}`
    // Only who has seen the cluster's Services knows that none is there.
    const isKnown = subject.facts.origin === 'live' || subject.facts.origin === 'capture'
    return [{ at, what: `CoreDNS is disabled${asked}`, ...(isKnown ? {} : { severity: 'warning' }) }]
  },
}

export const corednsChanged: Rule = {
  id: 'pkg-coredns-changed',
  severity: 'warning',
  title: 'CoreDNS is changed outside of its custom ConfigMap',
  why: 'K3s resets what coredns.yaml says at every start, and two files that own one object undo each other',
  fix: 'put zones and directives into the ConfigMap coredns-custom (spec.components.coredns.custom)',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: [...sources, 'k3s-io/k3s#1317', 'k3s-io/k3s#5394'],
  check(subject) {
    if (isDisabled(subject, 'coredns')) return []
    return subject.objects.flatMap((object): Finding[] => {
      const name = packagedObject(object)
      if (name === undefined) return []
      if (object.origin === 'live') return hasForeignCorefile(object, subject) ? [liveCorefile(object)] : []
      if (isFileOfK3s(object, subject)) return []
      return [{ at: object.at, what: `${name} is an object of the packaged CoreDNS, defined here as well` }]
    })
  },
}

export const corednsNodeHosts: Rule = {
  id: 'pkg-coredns-nodehosts',
  severity: 'warning',
  title: 'CoreDNS is replaced by a copy that waits for NodeHosts',
  why: 'with coredns disabled K3s no longer writes the key NodeHosts, and a pod that mounts it does not start',
  fix: 'give the ConfigMap a key NodeHosts of its own, or take it out of the volume and the hosts block out of the Corefile',
  versions: 'every version',
  looksAt: ['settings', 'manifests', 'live'],
  sources: ['k3s-io/k3s pkg/node/controller.go', 'k3s-io/k3s#9274'],
  check(subject) {
    if (!isDisabled(subject, 'coredns')) return []
    return subject.objects.flatMap((object): Finding[] => {
      const map = nodeHostsVolume(object)
      if (map === undefined || hasNodeHosts(map, namespaceOf(object), subject)) return []
      const { kind, metadata } = object.object
      return [
        { at: object.at, what: `${kind} ${metadata.name} mounts NodeHosts of ConfigMap ${map}, which nobody writes` },
      ]
    })
  },
}

function clusterDnsAddresses(subject: LintSubject): readonly string[] {
  const [server] = serversOf(subject)
  if (server === undefined) return []
  const written = itemsOf(server.settings, 'cluster-dns').map(({ text }) => text)
  return written.length > 0 ? written : defaultTexts('cluster-dns', server.settings)
}

/** Addresses of Services that stay when CoreDNS goes. */
function servedAddresses({ services, objects }: LintSubject): string[] {
  const live = services
    .filter(({ service }) => service.annotations?.['objectset.rio.cattle.io/owner-name'] !== 'coredns')
    .filter(({ service }) => service.annotations !== undefined || service.name !== 'kube-dns')
    .flatMap(({ service }) => service.clusterIP ?? [])
  const written = objects
    .filter(({ object, origin }) => object.kind === 'Service' && origin !== 'live')
    .flatMap(({ object }) => {
      const { clusterIP, clusterIPs } = asRecord(object['spec'])
      return [clusterIP, ...(Array.isArray(clusterIPs) ? clusterIPs : [])]
    })
    .filter((address) => typeof address === 'string')
  return [...live, ...written]
}

function packagedObject({ object }: ObjectSubject): string | undefined {
  const { kind, metadata } = object
  if (metadata.namespace !== 'kube-system') return undefined
  const name = `${kind} ${metadata.name}`
  return name === 'ConfigMap coredns' || name === 'Deployment coredns' || name === 'Service kube-dns' ? name : undefined
}

/** The ConfigMap that K3s writes imports the custom one; a Corefile that does not was put there by somebody. */
function hasForeignCorefile({ object }: ObjectSubject, { version }: LintSubject): boolean {
  if (object.kind !== 'ConfigMap' || version === undefined || !supports('coredns-custom-servers', version)) return false
  const { Corefile } = asRecord(object['data'])
  return typeof Corefile === 'string' && !Corefile.includes('/etc/coredns/custom/')
}

function liveCorefile({ at }: ObjectSubject): Finding {
  return {
    at,
    what: 'the Corefile in ConfigMap kube-system/coredns is not the one that K3s ships',
    why: 'it lasts until K3s starts again, and coredns-custom is not imported in the meantime',
  }
}

function isFileOfK3s({ at, origin }: ObjectSubject, { manifests }: LintSubject): boolean {
  return origin === 'machine' && manifests.some(({ file, isPackaged }) => isPackaged === true && file === at.place.file)
}

function nodeHostsVolume({ object, origin }: ObjectSubject): string | undefined {
  if (origin === 'live' || (object.kind !== 'Deployment' && object.kind !== 'DaemonSet')) return undefined
  const podSpec = asRecord(asRecord(asRecord(object['spec'])['template'])['spec'])
  const volumes = Array.isArray(podSpec['volumes']) ? podSpec['volumes'] : []
  for (const volume of volumes) {
    const { name, items } = asRecord(asRecord(volume)['configMap'])
    if (typeof name !== 'string' || !Array.isArray(items)) continue
    if (items.some((item) => asRecord(item)['key'] === 'NodeHosts')) return name
  }
  return undefined
}

function hasNodeHosts(name: string, namespace: string, { objects }: LintSubject): boolean {
  const maps = objects.filter(
    (one) => one.object.kind === 'ConfigMap' && one.object.metadata.name === name && namespaceOf(one) === namespace,
  )
  // A map that comes from elsewhere may have the key.
  return maps.length === 0 || maps.some(({ object }) => asRecord(object['data'])['NodeHosts'] !== undefined)
}

function namespaceOf({ object }: ObjectSubject): string {
  return object.metadata.namespace ?? 'default'
}
