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
      'flannel-backed          host-gw     file           /etc/rancher/k3s/config.yaml:2',
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
      rulesLeftOut: 0,
    })
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

  test('finds nothing where K3s is not installed', async () => {
    const { code, out, err } = await doctor()
    expect(code).toBe(0)
    expect(out).toBe('this-machine: K3s is not installed, or not seen\n\nno flags: K3s has its defaults\n')
    expect(err).toContain('this-machine: 0 errors, 0 warnings')
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
      expect(code).toBe(0)
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
    expect([0, 3]).toContain(code)
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
