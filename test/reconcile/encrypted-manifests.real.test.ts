import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { createMachine, eventually, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'
import { encryptWithSops, newAgeKey } from '../lab/sops-encrypt.ts'

const manifest = (name: string): string => `/var/lib/rancher/k3s/server/manifests/${name}`
const source = (name: string): string => `clusters/home/manifests/${name}`
const canary = 'canary-in-a-coal-mine'

const secretOf = (password: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'dashboard', namespace: 'kube-system' },
  stringData: { password },
})
const chartOf = (token: string): object => ({
  apiVersion: 'helm.cattle.io/v1',
  kind: 'HelmChartConfig',
  metadata: { name: 'gitea', namespace: 'kube-system' },
  spec: { failurePolicy: 'abort', valuesContent: `gitea:\n  token: ${token}\n` },
})
const lan = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: lan, namespace: default }\n'

let machine: TestMachine
let key: { readonly secret: string; readonly recipient: string }

beforeEach(async () => {
  machine = await createMachine()
  key = await newAgeKey()
  await machine.adopt()
})
afterEach(() => machine.close())

const stateDirectory = (): string => join(machine.root, 'var/lib/fairlead')
const keyFile = (): string => join(stateDirectory(), 'age.key')

function placeKey(secret = key.secret, mode = 0o600): void {
  mkdirSync(stateDirectory(), { recursive: true, mode: 0o700 })
  writeFileSync(keyFile(), `# created: 2026-03-01\n${secret}\n`, { mode })
}

async function encrypted(password: string): Promise<Record<string, string>> {
  const recipients = [key.recipient]
  return {
    [networkFile]: networkYaml(),
    [source('lan.yaml')]: lan,
    [source('dashboard.yaml')]: await encryptWithSops([secretOf(password)], {
      recipients,
      rule: { encrypted_regex: '^(data|stringData)$' },
    }),
    [source('gitea.yaml')]: await encryptWithSops([chartOf(password)], {
      recipients,
      rule: { encrypted_regex: '^valuesContent$' },
    }),
  }
}

const settledAt = (commit: string) => (status: StatusSnapshot) =>
  status.verdict === 'settled' && status.revision.endsWith(commit)

/** Every file below the state directory, but for the key itself, whose bytes hold the text. */
function filesHolding(text: string): string[] {
  return readdirSync(stateDirectory(), { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path !== keyFile() && readFileSync(path).includes(text))
}

function expectNowhereElse(status: StatusSnapshot, ...texts: readonly string[]): void {
  for (const text of texts) {
    expect(filesHolding(text)).toEqual([])
    expect(JSON.stringify(machine.log)).not.toContain(text)
    expect(JSON.stringify(status)).not.toContain(text)
  }
}

describe('with the key of the machine', () => {
  test('manifests are written in the clear, for root alone, and their content goes nowhere else', async () => {
    placeKey()
    const commit = await machine.repository.push(await encrypted(canary))
    machine.start()
    const status = await machine.statusUntil(settledAt(commit))
    expect(parse(machine.read(manifest('dashboard.yaml')) ?? '')).toEqual(secretOf(canary))
    expect(parse(machine.read(manifest('gitea.yaml')) ?? '')).toEqual(chartOf(canary))
    expect(statSync(join(machine.root, manifest('dashboard.yaml'))).mode & 0o777).toBe(0o600)
    const lastGood = await machine.state.readLastGood()
    expect(lastGood?.program.files.filter((file) => file.secrecy !== undefined).map((file) => file.secrecy)).toEqual([
      'encrypted',
      'encrypted',
    ])
    expectNowhereElse(status, canary)
  })

  test('a restart and a new pass change nothing', async () => {
    placeKey()
    const commit = await machine.repository.push(await encrypted(canary))
    machine.start()
    await machine.statusUntil(settledAt(commit))
    const before = statSync(join(machine.root, manifest('dashboard.yaml')))
    const passes = (await machine.state.readHistory()).length
    await machine.stop()
    const again = machine.start()
    await machine.statusUntil(settledAt(commit))
    again.trigger('resync', true)
    await machine.statusUntil(settledAt(commit))
    const after = statSync(join(machine.root, manifest('dashboard.yaml')))
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
    expect((await machine.state.readHistory()).length).toBe(passes)
  })

  test('an edit is repaired, and not kept: nobody could tell it from the secret', async () => {
    placeKey()
    const commit = await machine.repository.push(await encrypted(canary))
    machine.start()
    await machine.statusUntil(settledAt(commit))
    for (const name of ['dashboard.yaml', 'gitea.yaml']) {
      const path = join(machine.root, manifest(name))
      const good = readFileSync(path, 'utf8')
      writeFileSync(path, `${good}# edited-by-hand\n`)
      await eventually(() => readFileSync(path, 'utf8') === good, `${name} is repaired`)
    }
    const status = await machine.statusUntil(settledAt(commit))
    const edits = await machine.state.readLostEdits()
    expect(edits.map((edit) => edit.path).sort()).toEqual([manifest('dashboard.yaml'), manifest('gitea.yaml')])
    expectNowhereElse(status, canary, 'edited-by-hand')
  })

  test('a new secret replaces the old one, and a removed file takes it along, edited or not', async () => {
    placeKey()
    machine.start()
    await machine.push(await encrypted(canary))
    await eventually(() => machine.read(manifest('gitea.yaml'))?.includes(canary) === true, 'the first secret')
    const second = await machine.push(await encrypted('second-canary'))
    await machine.statusUntil(settledAt(second))
    expect(machine.read(manifest('gitea.yaml'))).toContain('second-canary')
    await machine.stop()
    writeFileSync(join(machine.root, manifest('gitea.yaml')), 'token: second-canary # edited\n')
    const third = await machine.repository.push({
      [source('gitea.yaml')]: undefined,
      [source('dashboard.yaml')]: undefined,
    })
    machine.start()
    const status = await machine.statusUntil(settledAt(third))
    expect(machine.read(manifest('gitea.yaml'))).toBeUndefined()
    expect(machine.read(manifest('dashboard.yaml'))).toBeUndefined()
    expectNowhereElse(status, canary, 'second-canary')
  })
})

describe('what cannot be decrypted', () => {
  const failedWith = (code: string) => (status: StatusSnapshot) =>
    status.verdict === 'failed' && status.conditions.some((one) => one.type === 'Ready' && one.reason === code)

  test('blocks itself alone, is reported, and is written once the key is there', async () => {
    const commit = await machine.repository.push(await encrypted(canary))
    machine.start()
    const status = await machine.statusUntil(failedWith('AGE_KEY_MISSING'))
    expect(status.conditions.find((one) => one.type === 'Ready')?.message).toContain(keyFile())
    expect(status.files.filter(({ path }) => path === manifest('dashboard.yaml'))).toMatchObject([
      { state: 'Pending', message: 'cannot be decrypted: AGE_KEY_MISSING' },
    ])
    expect(machine.read(manifest('lan.yaml'))).toBe(lan)
    expect(machine.read(manifest('dashboard.yaml'))).toBeUndefined()
    placeKey()
    await machine.statusUntil(settledAt(commit))
    expect(machine.read(manifest('dashboard.yaml'))).toContain(canary)
  })

  test('leaves what stands on the machine as it is, while the rest of the revision is carried out', async () => {
    placeKey()
    machine.start()
    const first = await machine.push(await encrypted(canary))
    await machine.statusUntil(settledAt(first))
    const files = await encrypted('second-canary')
    const broken = (files[source('dashboard.yaml')] ?? '').replace('  password:', '  moved:')
    await machine.push({ ...files, [source('dashboard.yaml')]: broken })
    const status = await machine.statusUntil(failedWith('SOPS_TAMPERED'))
    expect(status.conditions.find((one) => one.type === 'Ready')?.message).toContain(source('dashboard.yaml'))
    expect(machine.read(manifest('dashboard.yaml'))).toContain(canary)
    expect(machine.read(manifest('gitea.yaml'))).toContain('second-canary')
    expectNowhereElse(status, canary, 'second-canary')
    expect((await machine.state.readInventory()).entries.size).toBeGreaterThan(3)
  })

  test('says that others can read the key, or that it is another one', async () => {
    placeKey(key.secret, 0o644)
    await machine.repository.push(await encrypted(canary))
    machine.start()
    await machine.statusUntil(failedWith('AGE_KEY_EXPOSED'))
    rmSync(keyFile())
    const other = await newAgeKey()
    placeKey(other.secret)
    const status = await machine.statusUntil(failedWith('SOPS_KEY_MISMATCH'))
    expectNowhereElse(status, canary, key.secret, other.secret)
  })
})
