import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readAgeKeys } from '../../../src/adapters/sops/age-key-file.ts'
import { Failure } from '../../../src/domain/failure.ts'
import { newAgeKey } from '../../lab/sops-encrypt.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

async function keyFile(text: string, mode = 0o600): Promise<string> {
  const path = join(await temporaryDirectory(), 'age.key')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

async function failureOf(path: string): Promise<Failure> {
  const outcome = await readAgeKeys(path).catch((error: unknown) => error)
  if (!(outcome instanceof Failure)) throw new Error(`no Failure: ${String(outcome)}`)
  return outcome
}

test('the file of age-keygen is read, comments and several keys included', async () => {
  const [first, second] = [await newAgeKey(), await newAgeKey()]
  const text = `# created: 2026-03-01T12:00:00Z\n# public key: ${first.recipient}\n${first.secret}\r\n\n${second.secret}\n`
  expect(await readAgeKeys(await keyFile(text))).toEqual([first.secret, second.secret])
  expect(await readAgeKeys(await keyFile(text, 0o400))).toEqual([first.secret, second.secret])
})

test('a symbolic link is followed, and what it leads to is what counts', async () => {
  const { secret } = await newAgeKey()
  const path = await keyFile(secret)
  symlinkSync(path, `${path}.link`)
  expect(await readAgeKeys(`${path}.link`)).toEqual([secret])
  chmodSync(path, 0o604)
  expect((await failureOf(`${path}.link`)).detail.code).toBe('AGE_KEY_EXPOSED')
})

for (const mode of [0o640, 0o604, 0o644, 0o620, 0o601]) {
  test(`mode 0${mode.toString(8)} is refused`, async () => {
    const failure = await failureOf(await keyFile('AGE-SECRET-KEY-1AAAA\n', mode))
    expect(failure.detail).toMatchObject({ code: 'AGE_KEY_EXPOSED', retry: 'when-changed' })
    expect(failure.message).toContain(`0${mode.toString(8)}`)
  })
}

test.skipIf(process.geteuid?.() !== 0)('a key of another user is refused (needs root)', async () => {
  const path = await keyFile('AGE-SECRET-KEY-1AAAA\n')
  chownSync(path, 12_345, 0)
  expect((await failureOf(path)).detail.code).toBe('AGE_KEY_EXPOSED')
})

test('a file that is not there says how to make one', async () => {
  const path = join(await temporaryDirectory(), 'age.key')
  const { detail } = await failureOf(path)
  expect(detail.code).toBe('AGE_KEY_MISSING')
  expect(detail.fix).toContain(`age-keygen -o ${path}`)
})

const unusable: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['comments only', '# public key: age1x\n'],
  ['a public key', 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n'],
  ['a plugin key', 'AGE-PLUGIN-YUBIKEY-1QQQQ\n'],
  ['an SSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n'],
  ['an encrypted file', 'age-encryption.org/v1\n-> scrypt hunter2 18\n'],
  ['too much', `${'# hunter2\n'.repeat(10_000)}`],
]
for (const [what, text] of unusable) {
  test(`${what}: AGE_KEY_UNREADABLE, without a word of it`, async () => {
    const { detail, message } = await failureOf(await keyFile(text))
    expect(detail.code).toBe('AGE_KEY_UNREADABLE')
    expect(JSON.stringify([detail, message])).not.toMatch(/hunter2|age1ql3|QQQQ/)
  })
}

test('a directory in its place is refused', async () => {
  const path = join(await temporaryDirectory(), 'age.key')
  mkdirSync(path, { mode: 0o700 })
  expect((await failureOf(path)).detail.code).toBe('AGE_KEY_UNREADABLE')
})
