import { clusterDnsOf } from '../cluster-dns.ts'
import { type EffectiveSettings, itemsOf } from './effective-settings.ts'

/**
 * What K3s takes for a flag that nobody gives it, as far as Fairlead manages it; empty for a list without items and for
 * everything else.
 * @see k3s-io/k3s pkg/cli/cmds/server.go, pkg/cli/server/server.go
 */
export function defaultTexts(key: string, settings: EffectiveSettings): readonly string[] {
  if (key === 'cluster-dns') {
    const services = itemsOf(settings, 'service-cidr').map((item) => item.text)
    return clusterDnsOf(services.length > 0 ? services : defaultTexts('service-cidr', settings))
  }
  if (key === 'cluster-cidr' || key === 'service-cidr') {
    const isIpv6 = itemsOf(settings, 'node-ip')[0]?.text.includes(':') === true
    return isIpv6 ? [ipv6Ranges[key]] : [ipv4Ranges[key]]
  }
  const fixed = fixedDefaults[key]
  if (fixed !== undefined) return [fixed]
  return key.startsWith('disable-') || switches.has(key) ? ['false'] : []
}

const ipv4Ranges = { 'cluster-cidr': '10.42.0.0/16', 'service-cidr': '10.43.0.0/16' } as const
const ipv6Ranges = { 'cluster-cidr': 'fd00:42::/56', 'service-cidr': 'fd00:43::/112' } as const

const fixedDefaults: Readonly<Record<string, string>> = {
  'cluster-domain': 'cluster.local',
  'flannel-backend': 'vxlan',
  'service-node-port-range': '30000-32767',
  'servicelb-namespace': 'kube-system',
  'https-listen-port': '6443',
  'egress-selector-mode': 'agent',
}

const switches: ReadonlySet<string> = new Set([
  'flannel-ipv6-masq',
  'flannel-external-ip',
  'embedded-registry',
  'supervisor-metrics',
  'with-node-id',
  'prefer-bundled-bin',
])
