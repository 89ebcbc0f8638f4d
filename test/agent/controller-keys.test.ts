import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { controllerKeys } from '../../src/agent/controller-keys.ts'
import { createSigningKey, readSigningKey } from '../../src/text/program-signature.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'

const [one, two] = [createSigningKey(), createSigningKey()]
const [first, second] = [readSigningKey(one).publicPem, readSigningKey(two).publicPem]

async function read(text: string | undefined): Promise<readonly string[] | undefined> {
  const path = join(await temporaryDirectory(), 'controller.pem')
  if (text !== undefined) writeFileSync(path, text)
  return await controllerKeys(path)?.()
}

test('where no file is named nobody tells a key', () => expect(controllerKeys(undefined)).toBeUndefined())

const files: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'one key': [first, [first]],
  'one key without a line end': [first.trimEnd(), [first]],
  'two keys with words around them': [`# until May\n${first}\n# from May on\n${second}`, [first, second]],
}
for (const [name, [text, keys]] of Object.entries(files)) {
  test(`${name}: all of them count`, async () => expect(await read(text)).toEqual(keys))
}

const refused: Readonly<Record<string, readonly [string | undefined, RegExp]>> = {
  'a file that is not there': [undefined, /ENOENT/],
  'an empty file': ['', /holds no PEM/],
  'a private key': [one, /block 1 is no Ed25519 public key/],
  'a key and something else': [first + first.replace(/MCow.{8}/, 'AAAAAAAAAAAA'), /block 2 is no Ed25519 public key/],
}
for (const [name, [text, message]] of Object.entries(refused)) {
  test(`${name} is refused, and no secret is told`, async () => {
    const failure = await read(text).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      message: expect.stringMatching(message),
      detail: { code: 'CONTROLLER_KEY_UNREADABLE', where: expect.stringContaining('controller.pem'), retry: 'soon' },
    })
    expect(String(failure)).not.toContain(one.split('\n')[1])
  })
}

test('the file is read anew each time', async () => {
  const path = join(await temporaryDirectory(), 'controller.pem')
  writeFileSync(path, first)
  const keys = controllerKeys(path)
  expect(await keys?.()).toEqual([first])
  writeFileSync(path, second)
  expect(await keys?.()).toEqual([second])
})
