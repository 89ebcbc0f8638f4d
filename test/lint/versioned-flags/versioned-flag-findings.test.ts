import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Problem } from '../../../src/domain/problem.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { versionedFlagRules } from '../../../src/lint/versioned-flags/versioned-flag-rules.ts'
import { node, subject } from '../../lab/lint-subject.ts'
import { agent, backend, server } from './flag-subjects.ts'

function only(rule: string, checked: LintSubject): Problem[] {
  return runRules(
    versionedFlagRules.rules.filter(({ id }) => id === rule),
    checked,
  )
}

describe('severity follows the release', () => {
  test.each([
    ['ver-no-flannel', server({ 'no-flannel': true }, 'v1.24.17+k3s1'), 'warning'],
    ['ver-no-flannel', server({ 'no-flannel': true }, 'v1.25.0+k3s1'), 'error'],
    ['ver-no-deploy', server({ 'no-deploy': ['a'] }, 'v1.24.17+k3s1'), 'warning'],
    ['ver-no-deploy', server({ 'no-deploy': ['a'] }, 'v1.26.0+k3s1'), 'error'],
    ['ver-flannel-backend-ipsec', backend('ipsec', 'v1.26.15+k3s1'), 'warning'],
    ['ver-flannel-backend-ipsec', backend('ipsec', 'v1.27.1+k3s1'), 'error'],
    ['ver-wireguard-legacy', backend('wireguard', 'v1.25.16+k3s4'), 'warning'],
    ['ver-wireguard-legacy', backend('wireguard', 'v1.26.0+k3s1'), 'error'],
    ['ver-backend-option-syntax', backend('vxlan=VNI=2', 'v1.24.1+k3s1'), 'error'],
    ['ver-backend-option-syntax', backend('vxlan=VNI=2', 'v1.24.2+k3s1'), 'warning'],
    ['ver-backend-option-syntax', backend('vxlan=VNI=2', 'v1.26.15+k3s1'), 'warning'],
    ['ver-backend-option-syntax', backend('vxlan=VNI=2', 'v1.27.1+k3s1'), 'error'],
  ])('%s %#', (rule, checked, severity) => {
    expect(only(rule, checked).map((problem) => problem.severity)).toEqual([severity])
  })
})

describe('findings', () => {
  test('stand at the value and name the release', () => {
    expect(only('ver-wireguard-legacy', backend('wireguard', 'v1.26.0+k3s1'))).toMatchObject([
      {
        code: 'VER_WIREGUARD_LEGACY',
        place: { file: 'config.yaml#flannel-backend' },
        what: 'wireguard is refused by K3s v1.26.0+k3s1',
      },
    ])
  })

  test('follow the release of a node where it differs from that of the cluster', () => {
    const mixed = subject({
      version: 'v1.33.4+k3s1',
      nodes: [
        node({
          settings: { 'flannel-external-ip': true },
          version: { text: 'v1.24.6', major: 1, minor: 24, patch: 6, build: 1 },
        }),
      ],
    })
    expect(only('ver-external-ip', mixed)).toHaveLength(1)
  })

  test('guess a misspelt backend, and list the usable ones where nothing is near', () => {
    expect(only('ver-backend-enum', backend('vxlna', 'v1.33.4+k3s1'))[0]?.fix).toBe('did you mean vxlan?')
    expect(only('ver-backend-enum', backend('calico', 'v1.33.4+k3s1'))[0]?.fix).toBe(
      'use one of vxlan, none, host-gw, wireguard-native',
    )
  })

  test('never show what stands in vpn-auth', () => {
    const [problem] = only(
      'ver-vpn',
      agent({ 'vpn-auth': 'name=tailscale,joinKey=hush,extraArgs=--a' }, 'v1.28.2+k3s1'),
    )
    expect(problem).toBeDefined()
    expect(JSON.stringify(problem)).not.toContain('hush')
  })
})

test('a default cluster of any release has nothing to say', () => {
  for (const minor of Array.from({ length: 21 }, (_, index) => 17 + index)) {
    const version = `v1.${minor}.9+k3s1`
    const both = subject({ version, nodes: [node(), node({ name: 'pi-2', role: 'agent' })] })
    expect(runRules(versionedFlagRules.rules, both), version).toEqual([])
  }
})

test('no text in a setting makes a rule throw', () => {
  const keys = fc.constantFrom(
    'flannel-backend',
    'disable',
    'vpn-auth',
    'no-deploy',
    'flannel-cni-conf',
    'node-external-dns',
  )
  const version = fc.constantFrom('v0.10.2', 'v1.17.0+k3s1', 'v1.25.0+k3s1', 'v1.36.4+k3s1', 'nonsense')
  fc.assert(
    fc.property(fc.dictionary(keys, fc.string()), version, (values, release) => {
      expect(Array.isArray(runRules(versionedFlagRules.rules, server(values, release)))).toBe(true)
      expect(Array.isArray(runRules(versionedFlagRules.rules, agent(values, release)))).toBe(true)
    }),
  )
})
