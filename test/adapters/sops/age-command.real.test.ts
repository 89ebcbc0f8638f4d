import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readAgeKeys } from '../../../src/adapters/sops/age-key-file.ts'
import { decryptFile } from '../../../src/adapters/sops/decrypt-file.ts'
import { encryptWithSops } from '../../lab/sops-encrypt.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

const [age, keygen] = ['/usr/bin/age', '/usr/bin/age-keygen']
const hasAge = existsSync(age) && existsSync(keygen)

test.skipIf(!hasAge)('a key of age-keygen opens a data key that age wrapped (needs the package age)', async () => {
  const path = join(await temporaryDirectory(), 'age.key')
  const told = spawnSync(keygen, ['-o', path], { encoding: 'utf8' })
  const recipient = /age1[0-9a-z]+/.exec(told.stderr)?.[0] ?? ''
  const document = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { password: 'hunter2' } }
  const text = await encryptWithSops([document], {
    recipients: [recipient],
    wrap: async (dataKey, to) =>
      execFileSync(age, ['--armor', '--recipient', to], { input: dataKey, encoding: 'utf8' }),
  })
  expect(parse(await decryptFile({ name: 'a.yaml', text }, await readAgeKeys(path)))).toEqual(document)
})
