import { describe, expect, test } from 'vitest'
import { backendState, knownBackends, usableBackends } from '../../../src/k3s/version/flannel-backends.ts'
import { release } from './release.ts'

const columns = [
  ['v1.17.0+k3s1', 'v1.17.1+k3s1', 'v1.0.1', 'v0.10.2'],
  ['v1.17.2+k3s1', 'v1.21.11+k3s1', 'v1.22.8+k3s1', 'v1.23.0+k3s1', 'v1.23.5+k3s1'],
  ['v1.22.9+k3s1', 'v1.22.17+k3s1', 'v1.23.6+k3s1', 'v1.24.0+k3s1', 'v1.25.16+k3s4'],
  ['v1.26.0+k3s1', 'v1.26.15+k3s1'],
  ['v1.27.1+k3s1', 'v1.27.16+k3s1'],
  ['v1.28.1+k3s1', 'v1.33.4+k3s1', 'v1.37.1+k3s1', 'v1.40.0+k3s1'],
] as const

/** One state for each column above. */
const matrix = {
  vxlan: ['supported', 'supported', 'supported', 'supported', 'supported', 'supported'],
  none: ['supported', 'supported', 'supported', 'supported', 'supported', 'supported'],
  'host-gw': ['unknown', 'supported', 'supported', 'supported', 'supported', 'supported'],
  wireguard: ['supported', 'supported', 'deprecated', 'fatal', 'unknown', 'unknown'],
  'wireguard-native': ['unknown', 'unknown', 'supported', 'supported', 'supported', 'supported'],
  ipsec: ['supported', 'supported', 'deprecated', 'deprecated', 'fatal', 'unknown'],
  tailscale: Array<string>(6).fill('never-settable'),
  calico: Array<string>(6).fill('unknown'),
  '': Array<string>(6).fill('unknown'),
  constructor: Array<string>(6).fill('unknown'),
}

const cells = Object.entries(matrix).flatMap(([backend, states]) =>
  columns.flatMap((releases, column) => releases.map((text) => [backend, text, states[column] ?? ''] as const)),
)

describe('a flannel backend by release', () => {
  test.each(cells)('%j in %s is %s', (backend, text, state) => {
    expect(backendState(backend, release(text))).toBe(state)
  })

  test('the matrix has a row for every known backend', () => {
    expect(Object.keys(matrix)).toEqual(expect.arrayContaining([...knownBackends]))
  })

  test('the last patches of 1.21 have wireguard-native too', () => {
    expect(backendState('wireguard-native', release('v1.21.12+k3s1'))).toBe('supported')
  })

  test('what can be written today', () => {
    expect(usableBackends(release('v1.33.4+k3s1'))).toEqual(['vxlan', 'none', 'host-gw', 'wireguard-native'])
    expect(usableBackends(release('v1.17.0+k3s1'))).toEqual(['vxlan', 'none', 'wireguard', 'ipsec'])
  })
})
