import { expect, test } from 'vitest'
import { cniDirectories } from '../../src/k3s/cni-directories.ts'
import { type K3sVersion, parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'

const conf = '/var/lib/rancher/k3s/agent/etc/cni/net.d'
const link = '/var/lib/rancher/k3s/data/current/bin'
const stable = '/var/lib/rancher/k3s/data/cni'

const cases: readonly (readonly [release: string, bin: string])[] = [
  ['v1.21.5+k3s1', link],
  ['v1.28.14+k3s1', link],
  ['v1.28.15+k3s1', stable],
  ['v1.29.9+k3s1', link],
  ['v1.29.10+k3s1', stable],
  ['v1.30.5+k3s1', link],
  ['v1.30.6+k3s1', stable],
  ['v1.31.1+k3s1', link],
  ['v1.31.2+k3s1', stable],
  ['v1.32.0+k3s1', stable],
  ['v1.33.4+k3s1', stable],
]

test.each(cases)('with flannel %s looks for plugins in %s', (release, bin) => {
  expect(cniDirectories(versionOf(release), true)).toEqual({ conf, bin })
})

test.each(cases)('without flannel %s has the directories of containerd', (release) => {
  expect(cniDirectories(versionOf(release), false)).toEqual({ conf: '/etc/cni/net.d', bin: '/opt/cni/bin' })
})

function versionOf(text: string): K3sVersion {
  const version = parseK3sVersion(text)
  if (version === undefined) throw new Error(`${text} is no release`)
  return version
}
