import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allFlags,
  findFlag,
  flagState,
  isKnownTo,
  longNameOf,
  networkFlags,
} from '../../../src/k3s/flags/flag-catalogue.ts'
import { parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'
import { arbitraryUpgrade } from '../version/arbitrary-releases.ts'
import { release } from '../version/release.ts'

function known(name: string, role: 'server' | 'agent', text?: string): boolean {
  const flag = findFlag(name)
  if (flag === undefined) throw new Error(`${name} is not in the catalogue`)
  return isKnownTo(flag, role, text === undefined ? undefined : release(text))
}

describe('the catalogue', () => {
  test('holds every name once, aliases among them', () => {
    const names = allFlags.flatMap((flag) => [flag.name, ...flag.aliases])
    expect(names.length).toBeGreaterThan(125)
    expect(new Set(names).size).toBe(names.length)
  })

  test('gives every flag a source, a command and bounds that are releases', () => {
    for (const flag of allFlags) {
      expect(flag.source, flag.name).toMatch(/^k3s-io\//)
      expect(flag.commands.length, flag.name).toBeGreaterThan(0)
      const bounds = [flag.since, flag.agentSince, flag.deprecatedSince, flag.fatalSince, flag.removedSince]
      for (const floor of bounds.flatMap((floors) => floors ?? [])) {
        expect(parseK3sVersion(floor), `${flag.name} ${floor}`).toBeDefined()
      }
    }
  })

  test('has a switch default for switches only', () => {
    for (const flag of allFlags) {
      if (flag.default === 'true' || flag.default === 'false') expect(flag.type, flag.name).toBe('boolean')
    }
  })

  test('knows what is secret', () => {
    const secrets = allFlags.filter((flag) => flag.isSecret === true).map((flag) => flag.name)
    expect(secrets.sort()).toEqual([
      'agent-token',
      'cluster-secret',
      'datastore-endpoint',
      'etcd-s3-access-key',
      'etcd-s3-secret-key',
      'etcd-s3-session-token',
      'token',
      'vpn-auth',
    ])
  })

  test('knows what K3s compares between servers', () => {
    const critical = allFlags.filter((flag) => flag.sameOnServers === 'critical').map((flag) => flag.name)
    expect(critical.sort()).toEqual([
      'cluster-cidr',
      'cluster-dns',
      'cluster-domain',
      'disable-cloud-controller',
      'disable-helm-controller',
      'disable-network-policy',
      'egress-selector-mode',
      'embedded-registry',
      'flannel-backend',
      'flannel-external-ip',
      'flannel-ipv6-masq',
      'secrets-encryption',
      'secrets-encryption-provider',
      'service-cidr',
      'supervisor-metrics',
    ])
  })

  test('counts as network what the reference lists, and no storage', () => {
    const names = networkFlags.map((flag) => flag.name)
    expect(names).toEqual(expect.arrayContaining(['cluster-cidr', 'node-ip', 'tls-san', 'disable', 'kubelet-arg']))
    expect(names).not.toContain('etcd-s3')
    expect(names).not.toContain('token')
  })
})

describe('names', () => {
  test.each([
    ['t', 'token'],
    ['i', 'node-ip'],
    ['s', 'server'],
    ['d', 'data-dir'],
    ['c', 'config'],
    ['o', 'write-kubeconfig'],
    ['l', 'log'],
    ['node-ip', 'node-ip'],
    ['flannel-backed', 'flannel-backed'],
  ])('%s means %s', (name, long) => {
    expect(longNameOf(name)).toBe(long)
  })

  test('are found by command', () => {
    expect(findFlag('cluster-cidr', 'server')?.name).toBe('cluster-cidr')
    expect(findFlag('cluster-cidr', 'agent')).toBeUndefined()
    expect(findFlag('disable-apiserver-lb', 'server')).toBeUndefined()
    expect(findFlag('i', 'agent')?.name).toBe('node-ip')
    expect(findFlag('constructor')).toBeUndefined()
  })
})

describe('what a command knows', () => {
  test('changes with the release', () => {
    expect(known('flannel-external-ip', 'server', 'v1.24.6+k3s1')).toBe(false)
    expect(known('flannel-external-ip', 'server', 'v1.24.7+k3s1')).toBe(true)
    expect(known('flannel-external-ip', 'server')).toBe(true)
    expect(known('flannel-external-ip', 'agent', 'v1.33.4+k3s1')).toBe(false)
    expect(known('multi-cluster-cidr', 'server', 'v1.28.15+k3s1')).toBe(true)
    expect(known('multi-cluster-cidr', 'server', 'v1.29.0+k3s1')).toBe(false)
    expect(known('no-deploy', 'server', 'v1.25.0+k3s1')).toBe(true)
    expect(known('no-deploy', 'server', 'v1.26.0+k3s1')).toBe(false)
  })

  test('may come later to agents', () => {
    expect(known('bind-address', 'server', 'v1.24.17+k3s1')).toBe(true)
    expect(known('bind-address', 'agent', 'v1.30.0+k3s1')).toBe(false)
    expect(known('bind-address', 'agent', 'v1.30.1+k3s1')).toBe(true)
  })

  test('includes everything that agents of today may be given', () => {
    const names =
      'server token token-file data-dir node-name with-node-id node-label node-taint selinux lb-server-port protect-kernel-defaults container-runtime-endpoint default-runtime image-service-endpoint pause-image snapshotter private-registry disable-default-registry-endpoint nonroot-devices node-ip bind-address node-external-ip node-internal-dns node-external-dns resolv-conf flannel-iface flannel-conf flannel-cni-conf kubelet-arg kube-proxy-arg enable-pprof rootless prefer-bundled-bin docker vpn-auth vpn-auth-file disable-apiserver-lb image-credential-provider-bin-dir image-credential-provider-config airgap-extra-registry debug v vmodule log alsologtostderr config'
    for (const name of names.split(' ')) expect(known(name, 'agent', 'v1.33.4+k3s1'), name).toBe(true)
  })
})

describe('the life of a flag', () => {
  test.each([
    ['disable', 'v1.17.3+k3s1', 'unknown-yet'],
    ['disable', 'v1.17.4+k3s1', 'supported'],
    ['no-deploy', 'v1.17.3+k3s1', 'supported'],
    ['no-deploy', 'v1.24.17+k3s1', 'deprecated'],
    ['no-deploy', 'v1.25.3+k3s1', 'fatal'],
    ['no-flannel', 'v1.26.0+k3s1', 'removed'],
    ['cluster-secret', 'v1.24.0+k3s1', 'deprecated'],
    ['flannel-cni-conf', 'v1.22.10+k3s1', 'unknown-yet'],
    ['flannel-cni-conf', 'v1.22.11+k3s2', 'supported'],
    ['disable-apiserver-lb', 'v1.27.7+k3s2', 'unknown-yet'],
    ['disable-apiserver-lb', 'v1.27.8+k3s1', 'supported'],
    ['cluster-cidr', 'v1.17.0+k3s1', 'supported'],
  ])('%s in %s is %s', (name, text, state) => {
    const flag = findFlag(name)
    expect(flag === undefined ? undefined : flagState(flag, release(text))).toBe(state)
  })

  test('goes one way within a branch', () => {
    const stages = ['unknown-yet', 'supported', 'deprecated', 'fatal', 'removed']
    fc.assert(
      fc.property(fc.constantFrom(...allFlags), arbitraryUpgrade, (flag, [older, newer]) => {
        const [before, after] = [flagState(flag, older), flagState(flag, newer)]
        expect(stages.indexOf(after)).toBeGreaterThanOrEqual(stages.indexOf(before))
      }),
    )
  })
})
