import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { captureCommand } from '../../src/cli/capture.ts'
import type { Command, CommandCall } from '../../src/cli/command.ts'
import { importCommand } from '../../src/cli/import.ts'
import { planCommand } from '../../src/cli/plan.ts'
import type { SettingKey } from '../../src/settings.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'

const machines = fileURLToPath(new URL('../fixtures/machines', import.meta.url))
const version = { 'k3s-version': 'v1.33.4+k3s1' }

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-import-'))
  cpSync(machines, join(directory, 'machines'), { recursive: true })
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function call(
  command: Command,
  given: {
    readonly options?: CommandCall['options']
    readonly words?: readonly string[]
    readonly flags?: Partial<Record<SettingKey, string>>
  } = {},
) {
  const terminal = fakeTerminal(directory)
  const code = await command(callOf(terminal, given))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

test('a machine becomes a cluster directory, and the next step is told', async () => {
  const { code, out, err } = await call(importCommand, {
    words: ['repo'],
    options: { 'host-root': 'machines/ha-server', name: 'site', ...version },
  })
  expect(code).toBe(0)
  expect(out).toContain(
    '3 files written to repo/clusters/site for K3s v1.33.4+k3s1\n  network.yaml\n  nodes/srv-1.yaml\n',
  )
  expect(out).toContain('  token (/etc/rancher/k3s/config.yaml)\n    secret, and so on the machine alone\n')
  expect(err).toContain('fairlead plan --repo repo --cluster site --root machines/ha-server --node srv-1    ')
  expect(readFileSync(join(directory, 'repo/clusters/site/manifests/kube-vip.yaml'))).toEqual(
    readFileSync(join(machines, 'ha-server/var/lib/rancher/k3s/server/manifests/kube-vip.yaml')),
  )
  const again = call(importCommand, {
    words: ['repo'],
    options: { 'host-root': 'machines/single', name: 'site', ...version },
  })
  await expect(again).rejects.toMatchObject({ detail: { code: 'DIRECTORY_NOT_EMPTY' } })
})

test('a damaged inventory stops an import and stays where it is: nobody knows what Fairlead decrypted there', async () => {
  const state = join(directory, 'machines/single/var/lib/fairlead')
  mkdirSync(state, { recursive: true, mode: 0o700 })
  writeFileSync(join(state, 'inventory.json'), '{broken', { mode: 0o600 })
  const refused = call(importCommand, { words: ['repo'], options: { 'host-root': 'machines/single', ...version } })
  await expect(refused).rejects.toMatchObject({ detail: { code: 'STATE_DAMAGED' } })
  expect(readFileSync(join(state, 'inventory.json'), 'utf8')).toBe('{broken')
  expect(existsSync(join(directory, 'repo/clusters'))).toBe(false)
})

test('several machines are named with commas between them; --dry-run writes nothing', async () => {
  const { code, out } = await call(importCommand, {
    options: { 'host-root': 'machines/single,machines/agent', 'dry-run': true, ...version },
    flags: { node: 'one,two' },
  })
  expect(code).toBe(0)
  expect(out).toContain('--- clusters/home/network.yaml\n')
  expect(out).toContain(
    '    - { name: one, role: server }\n    - { name: two, role: agent, addresses: [192.168.20.13] }\n',
  )
  expect(existsSync(join(directory, 'clusters'))).toBe(false)
})

test('what is wrong with the cluster itself is told: no plan can be made before it is mended', async () => {
  const config = join(directory, 'machines/single/etc/rancher/k3s/config.yaml')
  mkdirSync(dirname(config), { recursive: true })
  writeFileSync(config, 'cluster-cidr: 10.43.0.0/16\n')
  const { code, err } = await call(importCommand, { options: { 'host-root': 'machines/single', ...version } })
  expect(code).toBe(3)
  expect(err).toContain('clusters/home/network.yaml:')
  expect(err).toContain('CIDR_OVERLAP')
  expect(err).toContain('that the cluster has itself; mend them before a plan is made\n')
  expect(err).toContain('Next:\n  fairlead lint --cluster home    ')
  expect(err).not.toContain('fairlead plan')
})

test('without a source, a release, or with a root that is not there', async () => {
  expect(await call(importCommand)).toMatchObject({ code: 64, err: expect.stringContaining('import from what?') })
  const unknown = call(importCommand, { options: { 'host-root': 'machines/single' } })
  await expect(unknown).rejects.toMatchObject({ detail: { code: 'IMPORT_VERSION_UNKNOWN' } })
  const missing = call(importCommand, { options: { 'host-root': 'nowhere', ...version } })
  await expect(missing).rejects.toMatchObject({ detail: { code: 'ROOT_MISSING' } })
  writeFileSync(join(directory, 'user-data'), 'hostname: x\n')
  const noCloud = call(importCommand, { options: { 'cloud-init': 'user-data', ...version } })
  await expect(noCloud).rejects.toMatchObject({ detail: { code: 'CLOUD_INIT_UNKNOWN' } })
})

test('a cloud-init file says itself which release it installs', async () => {
  const install = 'curl -sfL https://get.k3s.io | INSTALL_K3S_VERSION=v1.33.4+k3s1 sh -s - server --disable traefik'
  writeFileSync(join(directory, 'user-data'), `#cloud-config\nruncmd:\n  - ${install}\n`)
  const { code, out } = await call(importCommand, { options: { 'cloud-init': 'user-data' } })
  expect(code).toBe(0)
  expect(out).toContain('for K3s v1.33.4+k3s1\n')
})

test('of a capture, directories of K3s itself are no news; a wrong one is no error in the repository', async () => {
  const flags = { root: 'machines/secrets', cluster: 'site', node: 'safe-1' }
  await call(captureCommand, { flags, options: { out: 'site.yaml' } })
  expect(readFileSync(join(directory, 'site.yaml'), 'utf8')).toContain('manifests/metrics-server')
  const { out } = await call(importCommand, { options: { capture: 'site.yaml', ...version } })
  expect(out).not.toContain('metrics-server')
  writeFileSync(join(directory, 'site.yaml'), 'a: [\n')
  const broken = await call(importCommand, { options: { capture: 'site.yaml', ...version } })
  expect(broken.code).toBe(3)
  expect(broken.err).toContain('in the capture; nothing was planned or written\n')
})

test('a captured machine is imported, and its plan is empty', async () => {
  const flags = { root: 'machines/mixed-forms', cluster: 'site' }
  const captured = await call(captureCommand, { flags, options: { out: 'site.yaml' } })
  expect(captured.code).toBe(0)
  expect(captured.out).toBe('')
  expect(captured.err).toContain('fairlead plan --cluster site --capture site.yaml\n')
  expect(statSync(join(directory, 'site.yaml')).mode & 0o777).toBe(0o600)
  const imported = await call(importCommand, { options: { capture: 'site.yaml', ...version } })
  expect(imported.code).toBe(0)
  expect(existsSync(join(directory, 'clusters/site/nodes/mix-1.yaml'))).toBe(true)
  const plan = await call(planCommand, { options: { capture: 'site.yaml', output: 'json' } })
  const [cluster] = JSON.parse(plan.out).clusters
  expect(cluster.nodes.map((node: { changes: unknown }) => node.changes)).toEqual([[]])
})

test('a capture goes to standard output, as JSON when asked, without a secret', async () => {
  const flags = { root: 'machines/secrets', cluster: 'site', node: 'safe-1' }
  for (const output of ['json', 'yaml']) {
    const { code, out } = await call(captureCommand, { flags, options: { output } })
    expect(code).toBe(0)
    expect(out).toContain('/etc/rancher/k3s/config.yaml')
    expect(out).not.toContain('CANARY')
  }
  const all = await call(importCommand, { options: { 'host-root': 'machines/secrets', ...version } })
  expect(`${all.out}${all.err}`).not.toContain('CANARY')
})

test('a capture needs a cluster, and a K3s', async () => {
  expect(await call(captureCommand, { flags: { root: 'machines/single' } })).toMatchObject({ code: 64 })
  const empty = call(captureCommand, { flags: { root: 'machines/single/etc/systemd', cluster: 'site' } })
  await expect(empty).rejects.toMatchObject({ detail: { code: 'CAPTURE_EMPTY' } })
})
