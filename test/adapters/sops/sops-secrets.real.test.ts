import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSopsSecrets } from '../../../src/adapters/sops/sops-secrets.ts'
import { encryptWithSops, newAgeKey } from '../../lab/sops-encrypt.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

test('the key counts at every use: taken away, opened to others or exchanged it opens nothing any more', async () => {
  const keyFile = join(await temporaryDirectory(), 'age.key')
  const [key, other] = [await newAgeKey(), await newAgeKey()]
  const text = await encryptWithSops([{ kind: 'Secret', stringData: { a: 'hunter2' } }], {
    recipients: [key.recipient],
  })
  const secrets = openSopsSecrets(keyFile)
  const outcome = (): Promise<string> =>
    secrets.decrypt({ name: 'a.yaml', text }).catch((error: { detail: { code: string } }) => error.detail.code)

  expect(await outcome()).toBe('AGE_KEY_MISSING')
  writeFileSync(keyFile, key.secret, { mode: 0o600 })
  const opened = await outcome()
  expect(opened).toContain('hunter2')
  expect(await outcome()).toBe(opened)
  chmodSync(keyFile, 0o640)
  expect(await outcome()).toBe('AGE_KEY_EXPOSED')
  chmodSync(keyFile, 0o600)
  writeFileSync(keyFile, other.secret)
  expect(await outcome()).toBe('SOPS_KEY_MISMATCH')
  writeFileSync(keyFile, `${other.secret}\n${key.secret}\n`)
  expect(await outcome()).toBe(opened)
  rmSync(keyFile)
  expect(await outcome()).toBe('AGE_KEY_MISSING')
})

test('a text is opened for its own file only: a changed one is looked at anew', async () => {
  const keyFile = join(await temporaryDirectory(), 'age.key')
  const key = await newAgeKey()
  writeFileSync(keyFile, key.secret, { mode: 0o600 })
  const secrets = openSopsSecrets(keyFile)
  const text = await encryptWithSops([{ stringData: { a: 'hunter2' } }], { recipients: [key.recipient] })
  expect(await secrets.decrypt({ name: 'a.yaml', text })).toContain('hunter2')
  const moved = text.replace('  a:', '  b:')
  await expect(secrets.decrypt({ name: 'a.yaml', text: moved })).rejects.toMatchObject({
    message: expect.stringMatching(/^a\.yaml:2: stringData\.b /),
  })
  await expect(secrets.decrypt({ name: 'other.yaml', text: moved })).rejects.toMatchObject({
    message: expect.stringMatching(/^other\.yaml:2: /),
  })
})
