import { isSwitchedOn, type SettingText, scalarOf } from '../../k3s/config/effective-settings.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { type BackendState, backendState, knownBackends, usableBackends } from '../../k3s/version/flannel-backends.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { closestWord } from '../../text/suggest.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { releaseOf } from './node-release.ts'

const setup = 'k3s-io/k3s pkg/agent/flannel/setup.go'
const options = 'k3s-io/k3s docs/adrs/flannel-options.md'

export const flannelBackendRules: readonly Rule[] = [
  {
    id: 'ver-flannel-backend-ipsec',
    severity: 'error',
    title: 'flannel-backend ipsec',
    why: 'K3s warns about it from 1.22.9 on and refuses to start with it from 1.27 on',
    fix: 'move to wireguard-native, with every node restarted in one window',
    versions: '1.22.9 / 1.23.6 and later',
    looksAt: ['settings'],
    sources: [options],
    check: (subject) => backendFindings(subject, (written) => agedBackend(written, 'ipsec')),
  },
  {
    id: 'ver-wireguard-legacy',
    severity: 'error',
    title: 'flannel-backend wireguard',
    why: 'K3s warns about it from 1.22.9 on and refuses to start with it from 1.26 on',
    fix: 'use wireguard-native, with every node restarted in one window',
    versions: '1.22.9 / 1.23.6 and later',
    looksAt: ['settings'],
    sources: [options],
    check: (subject) => backendFindings(subject, (written) => agedBackend(written, 'wireguard')),
  },
  {
    id: 'ver-wireguard-native-old',
    severity: 'error',
    title: 'flannel-backend wireguard-native in a release without it',
    why: 'every agent ends with "Cannot configure unknown flannel backend"',
    fix: 'upgrade K3s, or use wireguard',
    versions: 'before 1.21.12 / 1.22.9 / 1.23.6',
    looksAt: ['settings'],
    sources: [setup],
    check: (subject) => backendFindings(subject, (written) => youngBackend(written, 'wireguard-native')),
  },
  {
    id: 'ver-hostgw-old',
    severity: 'error',
    title: 'flannel-backend host-gw in a release without it',
    why: 'every agent ends with "Cannot configure unknown flannel backend"',
    fix: 'upgrade K3s, or use vxlan',
    versions: 'before 1.17.2',
    looksAt: ['settings'],
    sources: [setup],
    check: (subject) => backendFindings(subject, (written) => youngBackend(written, 'host-gw')),
  },
  {
    id: 'ver-backend-option-syntax',
    severity: 'error',
    title: 'options behind the flannel backend',
    why: 'K3s takes them from 1.22.11 / 1.23.8 / 1.24.2 to 1.26 only, and calls them deprecated there',
    fix: 'put the options into a file and name it with flannel-conf',
    versions: 'every version',
    looksAt: ['settings'],
    sources: [options],
    check: (subject) => backendFindings(subject, optionSyntax),
  },
  {
    id: 'ver-backend-enum',
    severity: 'error',
    title: 'a flannel backend that K3s does not have',
    why: 'the server starts all the same, and every agent ends with "Cannot configure unknown flannel backend"',
    fix: 'use vxlan, host-gw, wireguard-native or none',
    versions: 'every version',
    looksAt: ['settings'],
    sources: [setup],
    check: (subject) => backendFindings(subject, unknownBackend),
  },
  {
    id: 'ver-none-hang',
    severity: 'error',
    title: 'flannel-backend none in a release that hangs with it',
    why: 'the network policy controller waits for a node that cannot become ready before it has a network',
    fix: 'upgrade to the next patch release, or set disable-network-policy',
    versions: '1.26.13, 1.27.10, 1.28.6, 1.29.1',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s#9570', 'k3s-io/k3s#9571'],
    check: (subject) => backendFindings(subject, noneHang),
  },
]

interface WrittenBackend {
  readonly value: SettingText
  /** What stands before `=`. */
  readonly name: string
  readonly version: K3sVersion | undefined
  readonly node: NodeSubject
}

function backendFindings(subject: LintSubject, check: (written: WrittenBackend) => readonly Finding[]): Finding[] {
  return serversOf(subject).flatMap((node) => {
    const value = scalarOf(node.settings, 'flannel-backend')
    if (value === undefined) return []
    const [name = ''] = value.text.split('=', 1)
    return check({ value, name, version: releaseOf(node, subject), node })
  })
}

function agedBackend({ value, name, version }: WrittenBackend, aged: string): readonly Finding[] {
  if (name !== aged || version === undefined) return []
  const state = backendState(aged, version)
  if (state === 'supported') return []
  const severity = state === 'deprecated' ? 'warning' : 'error'
  return [{ at: value.at, severity, what: `${aged} ${stateInWords[state]} K3s ${version.text}` }]
}

const stateInWords: Readonly<Record<BackendState, string>> = {
  supported: 'works in',
  deprecated: 'is deprecated in',
  fatal: 'is refused by',
  unknown: 'is not known to',
  'never-settable': 'is no value for',
}

function youngBackend({ value, name, version }: WrittenBackend, young: string): readonly Finding[] {
  if (name !== young || version === undefined || backendState(young, version) !== 'unknown') return []
  return [{ at: value.at, what: `${young} is not known to K3s ${version.text}` }]
}

function optionSyntax({ value, name, version }: WrittenBackend): readonly Finding[] {
  if (!value.text.includes('=')) return []
  const isTaken = version === undefined || supports('backend-option-syntax', version)
  return [
    { at: value.at, ...(isTaken ? { severity: 'warning' } : {}), what: `flannel-backend ${name} has options behind =` },
  ]
}

function unknownBackend({ value, name, version }: WrittenBackend): readonly Finding[] {
  if (knownBackends.includes(name)) return []
  if (name === 'tailscale') {
    return [
      {
        at: value.at,
        what: 'tailscale is no value of flannel-backend',
        why: 'K3s sets that backend itself when vpn-auth names it',
        fix: 'take flannel-backend away and use vpn-auth-file',
      },
    ]
  }
  const usable = version === undefined ? knownBackends : usableBackends(version)
  const meant = closestWord(name, usable)
  const fix = meant === undefined ? `use one of ${usable.join(', ')}` : `did you mean ${meant}?`
  return [{ at: value.at, what: `${JSON.stringify(name)} is no flannel backend`, fix }]
}

function noneHang({ value, name, version, node }: WrittenBackend): readonly Finding[] {
  if (name !== 'none' || version === undefined || !supports('none-backend-hang', version)) return []
  if (isSwitchedOn(node.settings, 'disable-network-policy')) return []
  return [{ at: value.at, what: `K3s ${version.text} does not come up with none and the network policy controller` }]
}
