import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommandCall } from '../../src/cli/command.ts'
import { doctorCommand } from '../../src/cli/doctor.ts'
import { askCluster } from '../../src/cli/doctor-cluster.ts'
import { Failure } from '../../src/domain/failure.ts'
import type { SettingKey } from '../../src/settings.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { writeTree } from './sample-repository.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-doctor-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

async function doctor(options: CommandCall['options'] = {}, flags: Partial<Record<SettingKey, string>> = {}) {
  const terminal = fakeTerminal('/')
  const code = await doctorCommand(callOf(terminal, { options, flags: { root, ...flags } }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

const ill = {
  'etc/rancher/k3s/config.yaml': 'token: very-secret\nflannel-backed: host-gw\ndisable: [traefik]\n',
  'etc/rancher/k3s/config.yaml.d/50-net.yaml': 'node-name: pi-7\n',
  'etc/systemd/system/k3s.service':
    '[Service]\nEnvironmentFile=/etc/default/k3s\nExecStart=/usr/local/bin/k3s server \\\n  --disable=servicelb --node-name=pi-8\n',
  'etc/default/k3s': 'K3S_DATASTORE_ENDPOINT=mysql://root:very-secret@db\nK3S_KUBECONFIG_MODE=644\n',
  'usr/local/bin/k3s': 'a binary',
}

describe('doctor', () => {
  test('shows where every flag comes from, and what is wrong, errors first', async () => {
    writeTree(root, ill)
    const { code, out, err } = await doctor()
    expect(code).toBe(3)
    expect(out.split('\n').slice(0, 10)).toEqual([
      `pi-8: server, K3s of an unknown release, below ${root}`,
      '',
      'FLAG                    VALUE       FROM           WHERE',
      'datastore-endpoint      ********    variable       /etc/default/k3s:1',
      'disable                 traefik     file           /etc/rancher/k3s/config.yaml:3',
      'disable                 servicelb   command line   /etc/systemd/system/k3s.service:4',
      'flannel-backed          ********    file           /etc/rancher/k3s/config.yaml:2',
      'node-name               pi-8        command line   /etc/systemd/system/k3s.service:4',
      'token                   ********    file           /etc/rancher/k3s/config.yaml:1',
      'write-kubeconfig-mode   644         variable       /etc/default/k3s:2',
    ])
    expect(out.indexOf('CFG_UNKNOWN_KEY_SERVER')).toBeLessThan(out.indexOf('CFG_LIST_IN_TWO_SOURCES'))
    expect(out).toContain('  why  ')
    expect(out).toContain('  fix  ')
    expect(out + err).not.toContain('very-secret')
    expect(err).toMatch(/pi-8: 1 error, \d+ warnings?, /)
  })

  test('--flags shows the flags alone', async () => {
    writeTree(root, ill)
    const { code, out } = await doctor({ flags: true })
    expect(code).toBe(0)
    expect(out).toMatch(/^FLAG /)
    expect(out).not.toContain('CFG_')
  })

  test('tells programs the same', async () => {
    writeTree(root, ill)
    const { code, out } = await doctor({ output: 'json' })
    const report = JSON.parse(out)
    expect(code).toBe(3)
    expect(report).toMatchObject({
      kind: 'DoctorReport',
      machine: { name: 'pi-8', role: 'server' },
      notRead: [],
    })
    expect(report.machine.hasK3s).toBe(true)
    expect(report.rulesLeftOut).toBeGreaterThan(50)
    expect(report.flags).toContainEqual({
      flag: 'token',
      value: '********',
      origin: 'config-file',
      place: { file: '/etc/rancher/k3s/config.yaml', line: 1, column: 8 },
    })
    expect(report.problems[0].severity).toBe('error')
    expect(out).not.toContain('very-secret')
    expect((await doctor({ output: 'yaml' })).out).toMatch(/^apiVersion: .*\nkind: "DoctorReport"\n/)
  })

  test('does not call a machine without K3s healthy', async () => {
    const { code, out, err } = await doctor()
    expect(code).toBe(1)
    expect(out).toBe(`this-machine: no K3s found below ${root}\n`)
    expect(err).toBe('this-machine: nothing to look at; --root names another machine\n')
    const told = await doctor({ output: 'json' })
    expect(told.code).toBe(1)
    expect(JSON.parse(told.out)).toMatchObject({ machine: { hasK3s: false }, problems: [] })
    expect(await doctor({ flags: true })).toMatchObject({ code: 1, out })
  })

  test('masks what any flag keeps secret, known or not, alone and in an address', async () => {
    writeTree(root, {
      ...ill,
      'etc/rancher/k3s/config.yaml': [
        'kube-apiserver-arg: [oidc-client-secret=CANARY-oidc, audit-log-path=/var/log/a]',
        'my-api-key: CANARY-key',
        'my-password:',
        '  CANARY-mine',
        'server: https://u:CANARY-pw@10.0.0.1:6443',
        'service-node-port-range: --token=CANARY-odd',
        '',
      ].join('\n'),
      'var/lib/rancher/k3s/server/manifests/a.yaml': 'adminPassword: CANARY-values\nb: [\n',
    })
    for (const options of [{ verbose: true }, { flags: true }, { output: 'json' }, { output: 'yaml' }]) {
      const { out, err } = await doctor(options)
      expect(out).toContain('audit-log-path=/var/log/a')
      expect(out + err).not.toContain('CANARY')
    }
  })

  test('gives the command that mends a problem, and none where there is none', async () => {
    writeTree(root, { ...ill, 'etc/rancher/k3s/config.yaml.d/old.bak': 'x: y\n' })
    const { out } = await doctor()
    expect(out).toContain(`  run  "\${EDITOR:-vi}" +2 ${root}/etc/rancher/k3s/config.yaml\n`)
    expect(out).toContain(`  run  mv -n ${root}/etc/rancher/k3s/config.yaml.d/old.bak ${root}/etc/rancher/k3s/\n`)
    const { problems } = JSON.parse((await doctor({ output: 'json' })).out)
    expect(problems).toContainEqual(
      expect.objectContaining({
        code: 'CFG_UNKNOWN_KEY_SERVER',
        command: `"\${EDITOR:-vi}" +2 ${root}/etc/rancher/k3s/config.yaml`,
      }),
    )
  })

  test('is told a release that a disk does not show; a version of Kubernetes is none', async () => {
    writeTree(root, ill)
    expect((await doctor()).err).toMatch(/^nothing says which release of K3s this is, and \d+ rules depend on it/)
    const told = await doctor({ output: 'json', 'k3s-version': 'v1.33.4+k3s1' })
    expect(JSON.parse(told.out)).toMatchObject({ machine: { k3sVersion: 'v1.33.4+k3s1' }, rulesLeftOut: 0 })
    expect((await doctor({ 'k3s-version': 'v1.17.0+k3s.1' })).code).not.toBe(64)
    for (const wrong of ['foo', 'v1.33.4']) expect((await doctor({ 'k3s-version': wrong })).code).toBe(64)
  })

  test('fails where the cluster that was named cannot be asked', async () => {
    writeTree(root, { 'etc/rancher/k3s/config.yaml': 'node-name: pi-7\n' })
    expect((await doctor()).code).toBe(0)
    const { code, err } = await doctor({}, { kubeconfig: join(root, 'nope') })
    expect(code).toBe(1)
    expect(err).toContain('the cluster was not asked: ')
  })

  test('shows on a terminal of 80 columns where every value comes from', async () => {
    writeTree(root, ill)
    const terminal = fakeTerminal('/', { isTerminal: true })
    await doctorCommand(callOf(terminal, { options: { flags: true }, flags: { root } }))
    const lines = terminal.out.text.split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines[0]).toMatch(/^FLAG +VALUE +FROM +WHERE$/)
    expect(terminal.out.text).not.toContain('…')
    expect(terminal.out.text).toContain('config.yaml:3')
  })

  test('looks at an agent as one', async () => {
    const { out } = await doctor({ output: 'json' }, { role: 'agent', node: 'pi-3' })
    expect(JSON.parse(out).machine).toMatchObject({ name: 'pi-3', role: 'agent' })
  })

  test.runIf(process.geteuid?.() === 0)('says what it may not read, and nothing about flags then', async () => {
    writeTree(root, ill)
    const { chmodSync } = await import('node:fs')
    chmodSync(root, 0o755)
    chmodSync(join(root, 'etc/rancher/k3s/config.yaml'), 0o600)
    process.seteuid?.(65_534)
    try {
      const { code, out, err } = await doctor()
      expect(code).toBe(1)
      expect(out).not.toContain('CFG_UNKNOWN_KEY_SERVER')
      expect(err).toContain('not read: /etc/rancher/k3s/config.yaml (permission denied)\n')
      expect(err).toMatch(/\d+ rules about flags were left out/)
      expect(err).toContain('run as root to see everything\n')
    } finally {
      process.seteuid?.(0)
    }
  })

  test('reads this very machine without a word of failure', async () => {
    const { code, out } = await doctor({ output: 'json' }, { root: '/' })
    expect([0, 1, 3]).toContain(code)
    expect(JSON.parse(out).machine.kernelRelease).toMatch(/^\d/)
  })
})

describe('the cluster around it', () => {
  const signal = new AbortController().signal
  const failure = new Failure('the API server refused', {
    code: 'KUBE_UNREACHABLE',
    where: 'https://127.0.0.1:6443',
    fix: '',
    retry: 'soon',
  })

  test('that does not answer is a note, not an end', async () => {
    const asked = await askCluster(async () => ({ read: () => Promise.reject(failure) }), signal)
    expect(asked).toEqual({ notes: ['the cluster was not asked: the API server refused'] })
  })

  test('tells which parts were not read', async () => {
    const facts = { origin: 'live', nodes: [], services: [] } as const
    const reading = {
      facts,
      serverVersion: 'v1.33.4+k3s1',
      nodeArguments: new Map(),
      unread: [{ path: '/api/v1/pods', code: 'KUBE_FORBIDDEN' }],
    }
    const asked = await askCluster(async () => ({ read: async () => reading }), signal)
    expect(asked).toEqual({ facts, notes: ['/api/v1/pods of the API was not read (KUBE_FORBIDDEN)'] })
  })

  test('is not asked any longer when somebody interrupts; a bug is no note', async () => {
    const stopped = AbortSignal.abort(new Error('interrupted'))
    const slow = async () => ({ read: () => Promise.reject(failure) })
    await expect(askCluster(slow, stopped)).rejects.toThrow('interrupted')
    const broken = async () => ({ read: () => Promise.reject(new TypeError('a bug')) })
    await expect(askCluster(broken, signal)).rejects.toThrow('a bug')
  })
})
