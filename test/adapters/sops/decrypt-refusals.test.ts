import { beforeAll, expect, test } from 'vitest'
import { decryptFile } from '../../../src/adapters/sops/decrypt-file.ts'
import { Failure } from '../../../src/domain/failure.ts'
import { encryptWithSops, newAgeKey, type SopsRecipe } from '../../lab/sops-encrypt.ts'

const name = 'clusters/home/manifests/secret.yaml'
const secretRule = { encrypted_regex: '^(data|stringData)$' }
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'dashboard', namespace: 'kube-system', creationTimestamp: null },
  stringData: { password: 'hunter2', empty: '' },
}

let key: { readonly secret: string; readonly recipient: string }
let other: typeof key

beforeAll(async () => {
  key = await newAgeKey()
  other = await newAgeKey()
})

function encrypt(documents: readonly object[], recipe: Partial<SopsRecipe> = {}): Promise<string> {
  return encryptWithSops(documents, { recipients: [key.recipient], ...recipe })
}

function decrypt(text: string, keys: readonly string[] = [key.secret]): Promise<string> {
  return decryptFile({ name, text }, keys)
}

async function failureOf(text: string, keys?: readonly string[]): Promise<Failure> {
  const outcome = await decrypt(text, keys).catch((error: unknown) => error)
  if (!(outcome instanceof Failure)) throw new Error(`no Failure: ${String(outcome)}`)
  return outcome
}

test('a file for other keys names both sides and what to do', async () => {
  const failure = await failureOf(await encrypt([secret]), [other.secret])
  expect(failure.detail).toMatchObject({ code: 'SOPS_KEY_MISMATCH', where: name, retry: 'when-changed' })
  expect(failure.message).toContain(key.recipient)
  expect(failure.message).toContain(other.recipient)
  expect(failure.detail.fix).toContain('sops updatekeys')
})

const blocks: readonly {
  readonly what: string
  readonly code: string
  readonly block: (block: Record<string, unknown>) => Record<string, unknown>
}[] = [
  { what: 'no mac', code: 'SOPS_UNREADABLE', block: ({ mac: _mac, ...rest }) => rest },
  { what: 'an empty mac', code: 'SOPS_UNREADABLE', block: (rest) => ({ ...rest, mac: '' }) },
  { what: 'no time', code: 'SOPS_UNREADABLE', block: (rest) => ({ ...rest, lastmodified: 'yesterday' }) },
  {
    what: 'another time',
    code: 'SOPS_TAMPERED',
    block: (rest) => ({ ...rest, lastmodified: '2026-03-01T12:00:01Z' }),
  },
  { what: 'no recipients', code: 'SOPS_UNREADABLE', block: (rest) => ({ ...rest, age: [] }) },
  {
    what: 'PGP only',
    code: 'SOPS_UNSUPPORTED',
    block: (rest) => ({ ...rest, age: [], pgp: [{ fp: 'x', enc: 'x' }] }),
  },
  {
    what: 'a cloud key only',
    code: 'SOPS_UNSUPPORTED',
    block: (rest) => ({ ...rest, age: null, kms: [{ arn: 'x' }] }),
  },
  {
    what: 'a key in several groups',
    code: 'SOPS_UNSUPPORTED',
    block: ({ age, ...rest }) => ({ ...rest, key_groups: [{ age }, { age }] }),
  },
  {
    what: 'a rule by comments',
    code: 'SOPS_UNSUPPORTED',
    block: (rest) => ({ ...rest, encrypted_comment_regex: 'x' }),
  },
  {
    what: 'two rules',
    code: 'SOPS_UNREADABLE',
    block: (rest) => ({ ...rest, encrypted_suffix: 'a', unencrypted_suffix: 'b' }),
  },
  {
    what: 'an expression that is none',
    code: 'SOPS_UNSUPPORTED',
    block: (rest) => ({ ...rest, encrypted_regex: '(' }),
  },
  {
    what: 'a rule that takes nothing for encrypted',
    code: 'SOPS_TAMPERED',
    block: (rest) => ({ ...rest, encrypted_regex: '^nothing$' }),
  },
  {
    what: 'a digest said to leave out what is plain',
    code: 'SOPS_TAMPERED',
    block: (rest) => ({ ...rest, mac_only_encrypted: true }),
  },
  {
    what: 'a data key that is no age file',
    code: 'SOPS_KEY_MISMATCH',
    block: (rest) => ({ ...rest, age: [{ recipient: 'age1x', enc: 'hunter2' }] }),
  },
]
for (const { what, code, block } of blocks) {
  test(`a block with ${what}: ${code}`, async () => {
    const failure = await failureOf(await encrypt([secret], { block }))
    expect(failure.detail.code).toBe(code)
    expect(JSON.stringify([failure.message, failure.detail])).not.toContain('hunter2')
  })
}

test('names what else a file is encrypted with, of whatever release', async () => {
  const block = (rest: Record<string, unknown>): Record<string, unknown> => ({
    ...rest,
    age: [],
    new_kms: [{ id: 'x' }],
  })
  expect((await failureOf(await encrypt([secret], { block }))).message).toContain(
    'with new_kms and to no age recipient',
  )
})

test('an expression that never ends is given up', async () => {
  const slow = { ...secret, metadata: { name: 'x', ['a'.repeat(60)]: 'y' } }
  const text = await encrypt([slow], { block: (rest) => ({ ...rest, encrypted_regex: '^(a+)+!$' }) })
  expect((await failureOf(text)).detail.code).toBe('SOPS_UNSUPPORTED')
})

const edits: readonly { readonly what: string; readonly code: string; readonly edit: (text: string) => string }[] = [
  {
    what: 'a changed value',
    code: 'SOPS_TAMPERED',
    edit: (text) =>
      text.replace(
        /(password: ENC\[AES256_GCM,data:)(.)/,
        (_, head: string, one: string) => head + (one === 'A' ? 'B' : 'A'),
      ),
  },
  {
    what: 'a value under another key',
    code: 'SOPS_TAMPERED',
    edit: (text) => text.replace('  password:', '  token:'),
  },
  {
    what: 'a plain value where one is encrypted',
    code: 'SOPS_VALUE_PLAIN',
    edit: (text) => text.replace(/password: ENC.*/, 'password: hunter5'),
  },
  {
    what: 'a number where one is encrypted',
    code: 'SOPS_VALUE_PLAIN',
    edit: (text) => text.replace(/password: ENC.*/, 'password: 4711'),
  },
  {
    what: 'a value that was taken away',
    code: 'SOPS_TAMPERED',
    edit: (text) => text.replace(/ {2}password: ENC.*\n/, ''),
  },
  {
    what: 'a value that was emptied',
    code: 'SOPS_TAMPERED',
    edit: (text) => text.replace(/password: ENC.*/, 'password: ""'),
  },
  {
    what: 'a plain value that was changed',
    code: 'SOPS_TAMPERED',
    edit: (text) => text.replace('namespace: kube-system', 'namespace: default'),
  },
  {
    what: 'a second key of the same name',
    code: 'SOPS_UNREADABLE',
    edit: (text) => text.replace('stringData:', 'kind: Secret\nstringData:'),
  },
  {
    what: 'an alias',
    code: 'SOPS_UNREADABLE',
    edit: (text) => text.replace('kind: Secret', 'kind: &a Secret\nother: *a'),
  },
  { what: 'a tag', code: 'SOPS_UNREADABLE', edit: (text) => text.replace('kind: Secret', 'kind: !!binary Secret') },
  {
    what: 'a key that is a number',
    code: 'SOPS_UNREADABLE',
    edit: (text) => text.replace('kind: Secret', 'kind: Secret\n8080: x'),
  },
  { what: 'text that is no YAML', code: 'SOPS_UNREADABLE', edit: (text) => `${text}\n: [` },
  { what: 'no block', code: 'SOPS_UNREADABLE', edit: (text) => text.slice(0, text.indexOf('sops:')) },
  {
    what: 'a document of another file',
    code: 'SOPS_UNREADABLE',
    edit: (text) => `${text}---\n${text.replace('3.9.0', '3.9.1')}`,
  },
  {
    what: 'a document without a block',
    code: 'SOPS_UNREADABLE',
    edit: (text) => `${text}---\napiVersion: v1\nkind: ConfigMap\n`,
  },
  { what: 'the same document twice', code: 'SOPS_TAMPERED', edit: (text) => `${text}---\n${text}` },
]
for (const { what, code, edit } of edits) {
  test(`${what}: ${code}`, async () => {
    const text = await encrypt([secret], { rule: secretRule })
    const edited = edit(text)
    expect(edited).not.toBe(text)
    const failure = await failureOf(edited)
    expect(failure.detail.code).toBe(code)
    expect(failure.detail.where.startsWith(name)).toBe(true)
    expect(JSON.stringify([failure.message, failure.detail])).not.toMatch(/hunter|4711/)
  })
}

test('names the line and the path of a value', async () => {
  const text = await encrypt([secret], { rule: secretRule })
  const failure = await failureOf(text.replace('  password:', '  token:'))
  expect(failure.detail.where).toBe(`${name}:8`)
  expect(failure.message).toContain('stringData.token')
})
