import { scalarOf } from '../../k3s/config/effective-settings.ts'
import { isWithin, type ReleaseFloors } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { hasVpn, podNetworkOf } from './pod-network.ts'

const vpnSince: ReleaseFloors = ['1.25.11', '1.26.6', '1.27.3']
const versions = '1.25.11 / 1.26.6 / 1.27.3 and later'
const sources = ['k3s-io/k3s pkg/vpn/vpn.go', 'k3s-io/docs docs/networking/distributed-multicloud.md']

/** K3s's own Tailscale integration. */
export const vpnRules: readonly Rule[] = [
  {
    id: 'fln-vpn-conflict',
    severity: 'error',
    title: 'options that the VPN integration takes over',
    why: 'with vpn-auth K3s takes node-ip, flannel-iface, the advertised address and the backend from Tailscale',
    fix: 'take the option away, or vpn-auth',
    versions,
    looksAt: ['settings'],
    sources,
    check: (subject) => vpnNodes(subject).flatMap((node) => [...overridden(node), ...withoutFlannel(subject, node)]),
  },
  {
    id: 'fln-vpn-format',
    severity: 'error',
    title: 'a vpn-auth that K3s cannot use',
    why: 'K3s stops at a value without name=tailscale and a joinKey',
    fix: 'write vpn-auth-file with a file that holds name=tailscale,joinKey=KEY, so that the key is in no argument',
    versions,
    looksAt: ['settings'],
    sources,
    check: (subject) => vpnNodes(subject).flatMap(malformed),
  },
]

function vpnNodes(subject: LintSubject): readonly NodeSubject[] {
  return subject.nodes.filter((node) => {
    const version = node.version ?? subject.version
    return version !== undefined && isWithin({ since: vpnSince }, version) && hasVpn(node)
  })
}

function overridden({ settings }: NodeSubject): readonly Finding[] {
  return ['node-ip', 'flannel-iface', 'advertise-address'].flatMap((key) => {
    const value = scalarOf(settings, key)
    return value === undefined ? [] : [{ at: value.at, what: `${key} is set together with a VPN, which overrides it` }]
  })
}

function withoutFlannel(subject: LintSubject, { settings }: NodeSubject): readonly Finding[] {
  const option = scalarOf(settings, 'vpn-auth') ?? scalarOf(settings, 'vpn-auth-file')
  if (option === undefined || podNetworkOf(subject)?.backend !== 'none') return []
  const why = 'the integration works through flannel; without it K3s passes over the VPN'
  return [{ at: option.at, what: 'a VPN is set and flannel-backend is none', why }]
}

/** The value is never shown; a masked one says nothing. */
function malformed({ settings }: NodeSubject): readonly Finding[] {
  const option = scalarOf(settings, 'vpn-auth')
  if (option === undefined || !option.text.includes('=')) {
    const isMasked = option === undefined || /^\*+$/.test(option.text)
    return isMasked ? [] : [{ at: option.at, what: 'vpn-auth is no list of key=value' }]
  }
  const fields = new Map(option.text.split(',').map((part) => splitPair(part)))
  const missing = [
    ...(fields.get('name') === 'tailscale' ? [] : ['name=tailscale']),
    ...((fields.get('joinKey') ?? '') === '' ? ['a joinKey'] : []),
  ]
  return missing.length === 0 ? [] : [{ at: option.at, what: `vpn-auth lacks ${missing.join(' and ')}` }]
}

function splitPair(part: string): readonly [string, string] {
  const equals = part.indexOf('=')
  return equals < 0 ? [part.trim(), ''] : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()]
}
