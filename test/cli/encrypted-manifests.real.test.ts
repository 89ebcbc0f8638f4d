import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adoptCommand } from '../../src/cli/adopt.ts'
import { applyCommand } from '../../src/cli/apply.ts'
import type { Command, CommandCall } from '../../src/cli/command.ts'
import { diffCommand } from '../../src/cli/diff.ts'
import { driftCommand } from '../../src/cli/drift.ts'
import { historyCommand } from '../../src/cli/history.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { renderCommand } from '../../src/cli/render.ts'
import { statusCommand } from '../../src/cli/status.ts'
import { validateCommand } from '../../src/cli/validate.ts'
import { encryptWithSops, newAgeKey } from '../lab/sops-encrypt.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { manifests, sampleWorld, writeTree } from './sample-repository.ts'

const canary = 'canary-in-a-coal-mine'
const chartPath = `${manifests}/gitea.yaml`
const rule = { encrypted_regex: '^valuesContent$' }

/** No Secret, so that nothing but the encryption says that it holds one. */
const chartOf = (token: string): object => ({
  apiVersion: 'helm.cattle.io/v1',
  kind: 'HelmChartConfig',
  metadata: { name: 'gitea', namespace: 'kube-system' },
  spec: { failurePolicy: 'abort', valuesContent: `gitea:\n  admin: ${token}\n` },
})

let world = sampleWorld()
let key: { readonly secret: string; readonly recipient: string }

beforeEach(async () => {
  key = await newAgeKey()
  world = sampleWorld()
  await commit(canary)
})
afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

async function commit(token: string): Promise<void> {
  const text = await encryptWithSops([chartOf(token)], { recipients: [key.recipient], rule })
  writeTree(world.repo, { 'clusters/home/manifests/gitea.yaml': text })
}

function placeKey(path = join(world.root, 'var/lib/fairlead/age.key')): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  writeFileSync(path, key.secret, { mode: 0o600 })
}

async function call(command: Command, options: CommandCall['options'] = {}, flags: Record<string, string> = {}) {
  const terminal = fakeTerminal(world.directory)
  const given = { repo: 'repo', root: 'root', engine: 'builtin', ...flags }
  const code = await command(callOf(terminal, { flags: given, options }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

const inRoot = (path: string): string => join(world.root, path)

test('no verb tells what was encrypted, before, while and after it is written', async () => {
  placeKey()
  const told: string[] = []
  const tell = async (...given: Parameters<typeof call>): Promise<void> => {
    const { out, err } = await call(...given)
    expect(`${out}${err}`).not.toContain('canary')
    told.push(out)
  }
  const look = async (): Promise<void> => {
    await tell(planCommand)
    await tell(planCommand, { output: 'json' })
    await tell(planCommand, { output: 'wide' })
    await tell(diffCommand)
    await tell(driftCommand)
    await tell(statusCommand, { output: 'json' })
    await tell(historyCommand, { output: 'json' })
  }
  await tell(validateCommand)
  await tell(renderCommand)
  await tell(renderCommand, { output: 'json' })
  await look()
  await tell(adoptCommand, { yes: true })
  await tell(applyCommand, { once: true })
  expect(readFileSync(inRoot(chartPath), 'utf8')).toContain(canary)

  await commit('second-canary')
  await look()
  expect(told.join()).toContain('the file holds secrets, its lines are not shown')
  writeFileSync(inRoot(chartPath), `${readFileSync(inRoot(chartPath), 'utf8')}# canary edited\n`)
  await look()
  await tell(applyCommand, { once: true })
  const { out } = await call(driftCommand, { output: 'json' })
  const { lostEdits } = JSON.parse(out) as { lostEdits: readonly { digest: string }[] }
  for (const { digest } of lostEdits) await tell(driftCommand, { diff: digest.slice(0, 12) })

  rmSync(join(world.repo, 'clusters/home/manifests/gitea.yaml'))
  await look()
})

test('settled is settled: nothing is planned, and nothing has drifted', async () => {
  placeKey()
  await call(adoptCommand, { yes: true })
  await call(applyCommand, { once: true })
  expect((await call(planCommand, { 'detailed-exitcode': true })).code).toBe(0)
  expect((await call(driftCommand, { 'detailed-exitcode': true })).code).toBe(0)
})

test('without a key the plan says so, and the rest of it stands', async () => {
  const { code, out } = await call(planCommand)
  expect(code).toBe(0)
  expect(out).toMatch(/Encrypted in the repository\n.*\? .*gitea\.yaml +Encrypted +stays as it is: AGE_KEY_MISSING/)
  expect(out).toContain('Plan: 4 to create, 0 to change')
})

test('the key may stand elsewhere, as --age-key-file says', async () => {
  placeKey(join(world.directory, 'keys/age.key'))
  await call(adoptCommand, { yes: true }, { ageKeyFile: 'keys/age.key' })
  const { code } = await call(applyCommand, { once: true }, { ageKeyFile: 'keys/age.key' })
  expect(code).toBe(0)
  expect(readFileSync(inRoot(chartPath), 'utf8')).toContain(canary)
})
