import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommandCall } from '../../src/cli/command.ts'
import { lintCommand } from '../../src/cli/lint.ts'
import type { SettingKey } from '../../src/settings.ts'
import { git } from '../lab/git-client.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { network, sampleWorld, writeTree } from './sample-repository.ts'

let world = sampleWorld()
beforeEach(() => {
  world = sampleWorld()
})
afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

async function lint(
  options: CommandCall['options'] = {},
  given: { readonly words?: readonly string[]; readonly flags?: Partial<Record<SettingKey, string>> } = {},
) {
  const terminal = fakeTerminal(world.directory)
  const code = await lintCommand(callOf(terminal, { options, ...given }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

function writeNetwork(spec: string, cluster = 'home'): void {
  const text = `${network.replace('name: home', `name: ${cluster}`)}${spec}`
  writeTree(world.repo, { [`clusters/${cluster}/network.yaml`]: text })
}

const overlap = '  addressing:\n    clusterCIDR: [10.43.0.0/16]\n'
const strayDns = '  addressing:\n    clusterDNS: [10.99.0.10]\n'

describe('a checkout', () => {
  test('without problems ends with 0', async () => {
    const { code, out, err } = await lint({}, { words: ['repo'] })
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toMatch(/^1 cluster: 0 errors, 0 warnings, /)
  })

  test('with an error ends with 3, and names the rule at the line', async () => {
    writeNetwork(overlap)
    const { code, out, err } = await lint({}, { flags: { repo: 'repo' } })
    expect(code).toBe(3)
    expect(out).toMatch(/clusters\/home\/network\.yaml:\d+:\d+ {2}CIDR_OVERLAP\n/)
    expect(err).toMatch(/^1 cluster: 1 error, /)
  })

  test('is looked at by the rules that were chosen alone', async () => {
    writeNetwork(overlap)
    writeNetwork(strayDns, 'lab')
    const all = JSON.parse((await lint({ output: 'json' }, { words: ['repo'] })).out)
    expect(all).toMatchObject({ kind: 'LintReport', clusters: ['clusters/home', 'clusters/lab'] })
    const one = JSON.parse((await lint({ output: 'json', rule: 'net-overlap' }, { words: ['repo'] })).out)
    expect(one.problems.map((problem: { code: string }) => problem.code)).toEqual(['CIDR_OVERLAP'])
    expect((await lint({ rule: 'net-domain,con-immutable' }, { words: ['repo'] })).code).toBe(0)
  })

  test('gives SARIF to code hosts', async () => {
    writeNetwork(overlap)
    const { out, code } = await lint({ output: 'sarif' }, { words: ['repo'] })
    const [run] = JSON.parse(out).runs
    expect(code).toBe(3)
    expect(run.results[0]).toMatchObject({
      ruleId: 'CIDR_OVERLAP',
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'clusters/home/network.yaml' } } }],
    })
  })
})

describe('a checkout against a revision', () => {
  test('is asked about values that a cluster keeps for life', async () => {
    writeNetwork('  addressing:\n    clusterCIDR: [10.50.0.0/16]\n')
    await git(world.repo, ['init', '--quiet'])
    await git(world.repo, ['add', '.'])
    await git(world.repo, ['commit', '--quiet', '-m', 'one'])
    expect((await lint({ base: 'HEAD' }, { words: ['repo'] })).code).toBe(0)
    writeNetwork('  addressing:\n    clusterCIDR: [10.60.0.0/16]\n')
    writeNetwork('  addressing:\n    clusterCIDR: [10.70.0.0/16]\n', 'new')
    const { code, out } = await lint({ base: 'HEAD', rule: 'con-immutable' }, { words: ['repo'] })
    expect(code).toBe(3)
    expect(out).toContain('CON_IMMUTABLE')
    expect(out).toContain('10.50.0.0/16')
    expect(out).not.toContain('10.70.0.0/16')
    expect((await lint({ rule: 'con-immutable' }, { words: ['repo'] })).code).toBe(0)
  })

  test('that could not be read is compared with nothing, and told so', async () => {
    writeTree(world.repo, { 'clusters/home/network.yaml': 'nonsense: [' })
    await git(world.repo, ['init', '--quiet'])
    await git(world.repo, ['add', '.'])
    await git(world.repo, ['commit', '--quiet', '-m', 'one'])
    writeNetwork('')
    const { code, err } = await lint({ base: 'HEAD' }, { words: ['repo'] })
    expect(code).toBe(0)
    expect(err).toContain('clusters/home has errors at HEAD: compared with nothing\n')
  })
})

describe('a capture', () => {
  const capture = `apiVersion: fairlead.dev/v1alpha1
kind: Capture
metadata: { name: home, capturedAt: "2026-03-01T12:00:00Z", fairleadVersion: 0.1.0 }
facts:
  origin: capture
  nodes:
    - name: pi-1
      role: server
      k3sVersion: v1.33.4+k3s1
      annotations: { k3s.io/node-args: '["server","--cluster-cidr","10.50.0.0/16","--disable","traefic"]' }
`
  beforeEach(() => {
    writeTree(world.directory, { 'home.yaml': capture })
  })

  test('is what the repository changes', async () => {
    writeNetwork('  addressing:\n    clusterCIDR: [10.60.0.0/16]\n')
    const options = { capture: 'home.yaml', rule: 'con-immutable', output: 'json' }
    const { code, out } = await lint(options, { words: ['repo'] })
    expect(code).toBe(3)
    expect(JSON.parse(out)).toMatchObject({ clusters: ['clusters/home'], capture: 'home.yaml' })
    expect(out).toContain('10.50.0.0/16')
  })

  test('is looked at alone where there is no repository', async () => {
    const { code, out, err } = await lint({ capture: 'home.yaml', verbose: true })
    expect(out).toContain('PKG_DISABLE_ENUM')
    expect(out).toContain('traefic')
    expect(err).toMatch(/^home\.yaml: /)
    expect([0, 3]).toContain(code)
  })

  test('is another file: that is one mistake', async () => {
    writeTree(world.directory, { 'network.yaml': network })
    const { out } = await lint({ capture: 'network.yaml', output: 'json' })
    expect(JSON.parse(out).problems).toMatchObject([
      { code: 'CAPTURE_INVALID', what: 'the file is a ClusterNetwork, and no Capture of fairlead.dev/v1alpha1' },
    ])
  })

  test('that is broken is told with its place', async () => {
    writeTree(world.directory, { 'broken.yaml': 'kind: Capture\n' })
    const { code, out } = await lint({ capture: 'broken.yaml' })
    expect(code).toBe(3)
    expect(out).toContain('broken.yaml:')
  })
})

describe('a machine', () => {
  beforeEach(() => {
    writeTree(world.root, {
      'etc/rancher/k3s/config.yaml': 'token: very-secret\nflannel-backed: host-gw\n',
      'etc/systemd/system/k3s.service': '[Service]\nExecStart=/usr/local/bin/k3s server --token=very-secret\n',
      'etc/hostname': 'pi-1\n',
    })
  })

  test('is looked at by its files alone, and no secret is shown', async () => {
    for (const output of [undefined, 'json', 'yaml', 'sarif']) {
      const { code, out, err } = await lint({ 'host-root': 'root', output, verbose: true })
      expect(code).toBe(3)
      expect(out).toContain('CFG_UNKNOWN_KEY_SERVER')
      expect(out).toContain('/etc/rancher/k3s/config.yaml')
      expect(out + err).not.toContain('very-secret')
      expect(err).toMatch(/^nothing says which release of K3s this is, .*\npi-1: 1 error, /)
    }
  })

  test('may be told its release, which a disk does not know', async () => {
    const options = { 'host-root': 'root', rule: 'cfg-file-unsupported' }
    expect((await lint(options)).code).toBe(0)
    expect((await lint({ ...options, 'k3s-version': 'v1.18.2+k3s1' })).code).toBe(3)
  })

  test('reports manifests that K3s cannot apply, and none that it passes over', async () => {
    const manifests = 'var/lib/rancher/k3s/server/manifests'
    const nameless = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n'
    writeTree(world.root, {
      'etc/rancher/k3s/config.yaml': 'node-name: pi-1\n',
      [`${manifests}/broken.yaml`]: 'a: [\n',
      [`${manifests}/nameless.yaml`]: nameless,
      [`${manifests}/template.yaml`]: 'a: {{ .Values.x }}\n',
      [`${manifests}/off.yaml`]: 'a: [\n',
      [`${manifests}/off.yaml.skip`]: '',
      [`${manifests}/notes.txt`]: 'a: [\n',
    })
    const { code, out } = await lint({ 'host-root': 'root', output: 'json' })
    const { problems } = JSON.parse(out) as { problems: { code: string; severity: string; place: { file: string } }[] }
    const errors = problems.filter(({ severity }) => severity === 'error')
    expect(code).toBe(3)
    expect(new Set(errors.map(({ place }) => place.file))).toEqual(
      new Set(['broken', 'nameless', 'template'].map((name) => `/${manifests}/${name}.yaml`)),
    )
    expect(errors.map((problem) => problem.code)).toContain('TEMPLATE_LEFTOVER')
    expect(errors.map((problem) => problem.code)).toContain('MANIFEST_INCOMPLETE')
  })

  test('without K3s is a wrong mount, and no healthy machine', async () => {
    mkdirSync(join(world.directory, 'disk/etc'), { recursive: true })
    await expect(lint({ 'host-root': 'disk' })).rejects.toMatchObject({ detail: { code: 'K3S_NOT_FOUND' } })
  })

  test('whose configuration is no text is in error, and says what it did not look at', async () => {
    writeFileSync(join(world.root, 'etc/rancher/k3s/config.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0x0a]))
    const { code, out, err } = await lint({ 'host-root': 'root', output: 'json' })
    expect(code).toBe(3)
    expect(JSON.parse(out)).toMatchObject({ machine: { rulesLeftOut: expect.any(Number) } })
    expect(out).toContain('INVALID_UTF8')
    expect(err).toMatch(/\d+ rules about flags were left out/)
    writeFileSync(join(world.root, 'etc/rancher/k3s/config.yaml'), 'node-name: pi-1\n')
    writeFileSync(join(world.root, 'etc/systemd/system/k3s.service'), Buffer.from([0xff, 0x0a]))
    expect((await lint({ 'host-root': 'root' })).code).toBe(1)
  })

  test('that is nowhere is a failure', async () => {
    await expect(lint({ 'host-root': 'nowhere' })).rejects.toMatchObject({ detail: { code: 'ROOT_MISSING' } })
  })
})

test('what does not go together is bad usage', async () => {
  mkdirSync(join(world.directory, 'empty'))
  for (const options of [
    { capture: 'a', base: 'HEAD' },
    { 'host-root': '/', capture: 'a' },
    { 'k3s-version': 'v1.33.4+k3s1' },
    { 'host-root': 'root', 'k3s-version': 'foo' },
    { 'host-root': 'root', 'k3s-version': 'v1.33.4' },
    { rule: 'no-such-rule' },
    { rule: '' },
  ]) {
    expect((await lint(options)).code).toBe(64)
  }
  expect((await lint({ 'host-root': 'root' }, { words: ['repo'] })).code).toBe(64)
  const { err } = await lint({ rule: 'net-overlp' })
  expect(err).toContain('did you mean net-overlap?')
  expect((await lint({ rule: 'nope' })).err).toContain('fairlead explain rules lists them')
})
