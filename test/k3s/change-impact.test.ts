import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ImpactKind } from '../../src/domain/change.ts'
import { configKeyImpact, impactOrder, worstImpact } from '../../src/k3s/change-impact.ts'
import { allFlags, findFlag } from '../../src/k3s/flags/flag-catalogue.ts'

/** The rows of k3s-networking §11.2 that are keys of a configuration file, with their class. */
const classes: readonly (readonly [ImpactKind, readonly string[]])[] = [
  // R, of the whole cluster.
  ['Rebuild', ['cluster-cidr', 'service-cidr', 'cluster-dns', 'cluster-domain']],
  // D, and R of one node.
  [
    'DataPlaneOutage',
    [
      'flannel-backend',
      'flannel-conf',
      'flannel-iface',
      'flannel-external-ip',
      'node-ip',
      'disable-kube-proxy',
      'https-listen-port',
      'node-name',
      'with-node-id',
      'vpn-auth',
      'vpn-auth-file',
    ],
  ],
  // S, A, and L where a file says it.
  [
    'K3sRestart',
    [
      'service-node-port-range',
      'flannel-cni-conf',
      'node-external-ip',
      'node-internal-dns',
      'node-external-dns',
      'node-label',
      'node-taint',
      'resolv-conf',
      'advertise-address',
      'advertise-port',
      'bind-address',
      'tls-san',
      'tls-san-security',
      'egress-selector-mode',
      'flannel-ipv6-masq',
      'disable-network-policy',
      'kube-proxy-arg',
      'kubelet-arg',
      'disable-cloud-controller',
      'disable',
      'servicelb-namespace',
      'disable-helm-controller',
      'embedded-registry',
      'supervisor-metrics',
      'enable-pprof',
      'helm-controller-arg',
      'lb-server-port',
      'disable-apiserver-lb',
    ],
  ],
]

const rows = classes.flatMap(([kind, keys]) => keys.map((key) => [key, kind] as const))
const unnamed = configKeyImpact('write-kubeconfig-mode')

describe('a changed key', () => {
  test.each(rows)('%s costs %s, and says why in its own words', (key, kind) => {
    const impact = configKeyImpact(key)
    expect(impact.kind).toBe(kind)
    expect(impact.reason).not.toBe(unnamed.reason)
    expect(impact.reason).toMatch(/^[^.]+[^.]$/)
    expect(findFlag(key)?.name).toBe(key)
  })

  test.each(['write-kubeconfig-mode', 'constructor', '__proto__', ''])('%j costs a restart like every other', (key) => {
    expect(configKeyImpact(key)).toEqual({ kind: 'K3sRestart', reason: 'K3s reads its flags when it starts' })
  })

  test('costs no less than the flag itself says', () => {
    for (const { name, change, isNetwork, sameOnServers } of allFlags) {
      const { kind } = configKeyImpact(name)
      if (isNetwork && change === 'rebuild' && sameOnServers === 'critical') expect(kind, name).toBe('Rebuild')
      else expect(kind, name).not.toBe('Rebuild')
    }
  })
})

describe('the worst of some impacts', () => {
  const arbitraryImpact = fc.record({ kind: fc.constantFrom(...impactOrder), reason: fc.string() })

  test('is one of them that none exceeds', () => {
    fc.assert(
      fc.property(fc.array(arbitraryImpact, { minLength: 1 }), (impacts) => {
        const worst = worstImpact(impacts)
        const ranks = impacts.map(({ kind }) => impactOrder.indexOf(kind))
        expect(impactOrder.indexOf(worst.kind)).toBe(Math.max(...ranks))
        if (worst.kind !== 'None') expect(impacts).toContain(worst)
      }),
    )
  })

  test('is none where nothing changed', () => {
    expect(worstImpact([]).kind).toBe('None')
  })
})
