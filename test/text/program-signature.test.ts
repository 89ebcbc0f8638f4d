import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PublishedProgram } from '../../src/domain/published-program.ts'
import { publishedProgramForm } from '../../src/schema/program/published-program.ts'
import {
  createSigningKey,
  keyIdOf,
  readSigningKey,
  signatureHolds,
  signProgram,
} from '../../src/text/program-signature.ts'
import { sortedKeys } from '../../src/text/sorted-keys.ts'
import { publishedProgram, testKey, unsignedProgram } from '../lab/published-programs.ts'

const { publicPem } = testKey
const uid = '0b6c5f1e-7d5f-4b2e-9b0a-3a4c5d6e7f81'
const { permit: _permit, ...withoutPermit } = publishedProgram
const { revision, signature } = publishedProgram

const forgeries: readonly { readonly name: string; readonly forged: PublishedProgram }[] = [
  { name: 'another form', forged: { ...publishedProgram, format: 2 } },
  { name: 'another cluster', forged: { ...publishedProgram, cluster: 'homf' } },
  { name: 'the UID of another cluster', forged: { ...publishedProgram, clusterUID: uid } },
  { name: 'another node', forged: { ...publishedProgram, node: 'pi-2' } },
  { name: 'a sequence that was raised to be played back', forged: { ...publishedProgram, sequence: 8 } },
  { name: 'an older sequence', forged: { ...publishedProgram, sequence: 6 } },
  {
    name: 'another name of the revision',
    forged: { ...publishedProgram, revision: { ...revision, name: 'main@abc1235' } },
  },
  { name: 'another commit', forged: { ...publishedProgram, revision: { ...revision, commit: '' } } },
  { name: 'another author', forged: { ...publishedProgram, revision: { ...revision, author: 'Eve' } } },
  { name: 'another subject', forged: { ...publishedProgram, revision: { ...revision, subject: '' } } },
  { name: 'the digest of another program', forged: { ...publishedProgram, digest: 'b'.repeat(64) } },
  { name: 'a permit for another program', forged: { ...publishedProgram, permit: { program: 'b'.repeat(64) } } },
  { name: 'the permit taken away', forged: withoutPermit },
  { name: 'another key named', forged: { ...publishedProgram, signature: { ...signature, keyId: '0'.repeat(16) } } },
  { name: 'no signature', forged: { ...publishedProgram, signature: { ...signature, value: '' } } },
  {
    name: 'text around the signature',
    forged: { ...publishedProgram, signature: { ...signature, value: `${signature.value}\n` } },
  },
  {
    name: 'a signature of zeroes',
    forged: { ...publishedProgram, signature: { ...signature, value: Buffer.alloc(64).toString('base64') } },
  },
]

test('what was signed holds under its key, and again when it is signed again', () => {
  expect(signatureHolds(publishedProgram, publicPem)).toBe(true)
  expect(signProgram(unsignedProgram, testKey)).toEqual(publishedProgram)
  expect(publishedProgram.signature.keyId).toBe(keyIdOf(publicPem))
})

test('an API that sorts fields and adds none leaves the signature as it is', () => {
  const sorted = JSON.parse(JSON.stringify(sortedKeys(publishedProgram))) as PublishedProgram
  expect(Object.keys(sorted)).not.toEqual(Object.keys(publishedProgram))
  expect(signatureHolds(sorted, publicPem)).toBe(true)
})

test.each(forgeries)('a signature does not hold for $name', ({ forged }) => {
  expect(signatureHolds(forged, publicPem)).toBe(false)
})

const apart = ['program', 'signature']
const fields = Object.keys(publishedProgramForm.shape).filter((field) => !apart.includes(field))

test.each(fields)('every field that an envelope may have is signed: %s', (field) => {
  expect(Object.hasOwn(publishedProgram, field)).toBe(true)
  const { [field]: value, ...rest } = { ...publishedProgram } as Record<string, unknown>
  const others =
    typeof value === 'object' && value !== null ? Object.keys(value).map((key) => ({ ...value, [key]: 'x' })) : ['x']
  for (const other of others) {
    expect(signatureHolds({ ...rest, [field]: other } as unknown as PublishedProgram, publicPem)).toBe(false)
  }
})

test('a signature does not hold with any bit of it changed', () => {
  const bytes = Buffer.from(signature.value, 'base64')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const forged = Buffer.from(bytes)
    forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const value = forged.toString('base64')
    expect(signatureHolds({ ...publishedProgram, signature: { ...signature, value } }, publicPem)).toBe(false)
  }
})

test('no two envelopes have the same signed text: texts that look like fields stay texts', () => {
  const tricky = fc.constantFrom('', '"', '","node":"pi-2', '\\', '\n', ' ', 'a', 'A')
  const draft = fc.record({ cluster: tricky, node: tricky, author: tricky, subject: tricky, commit: tricky })
  fc.assert(
    fc.property(draft, draft, (one, two) => {
      const envelope = ({ cluster, node, ...rest }: typeof one): Omit<PublishedProgram, 'signature'> => ({
        ...unsignedProgram,
        cluster,
        node,
        revision: { ...revision, ...rest },
      })
      const moved = { ...envelope(two), signature: signProgram(envelope(one), testKey).signature }
      return signatureHolds(moved, publicPem) === (JSON.stringify(one) === JSON.stringify(two))
    }),
  )
})

test('the signature of a message that is no program is none of a program', () => {
  const { signature: _signature, program: _program, ...fields } = publishedProgram
  const value = testKey.sign(JSON.stringify(fields))
  expect(signatureHolds({ ...publishedProgram, signature: { ...signature, value } }, publicPem)).toBe(false)
})

test('half a character in the message of a commit is mended before it is signed', () => {
  const odd = signProgram({ ...unsignedProgram, revision: { ...revision, subject: 'x\ud83d' } }, testKey)
  expect(odd.revision.subject).toBe('x\ufffd')
  expect(signatureHolds(odd, publicPem)).toBe(true)
})

describe('keys', () => {
  test('every key is another one, and is read back from its PEM as the same', () => {
    const pem = createSigningKey()
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(readSigningKey(pem)).toMatchObject({
      keyId: readSigningKey(pem).keyId,
      publicPem: readSigningKey(pem).publicPem,
    })
    expect(readSigningKey(createSigningKey()).keyId).not.toBe(readSigningKey(pem).keyId)
    expect(readSigningKey(pem).keyId).toMatch(/^[0-9a-f]{16}$/)
  })

  test('the id of a key is about its bytes: spaces around its PEM change nothing', () => {
    expect(keyIdOf(`\n${publicPem}\n\n`)).toBe(testKey.keyId)
  })

  test('a signature of one key does not hold under another', () => {
    const other = readSigningKey(createSigningKey())
    expect(signatureHolds(publishedProgram, other.publicPem)).toBe(false)
    const forged = { ...publishedProgram, signature: { ...signature, keyId: other.keyId } }
    expect(signatureHolds(forged, other.publicPem)).toBe(false)
  })

  test('the private key is in no text of the key', () => {
    const pem = createSigningKey()
    const secret = pem.split('\n')[1] ?? ''
    expect(JSON.stringify(readSigningKey(pem))).not.toContain(secret.slice(-24))
  })

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ed448 = generateKeyPairSync('ed448')
  const noSigningKeys = [
    { name: 'nothing', pem: '' },
    { name: 'no PEM', pem: 'hunter2' },
    { name: 'a public key', pem: publicPem },
    { name: 'an RSA key', pem: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    { name: 'an Ed448 key', pem: ed448.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
  ]

  test.each(noSigningKeys)('programs are not signed with $name, and the message does not repeat it', ({ pem }) => {
    const read = (): unknown => readSigningKey(pem, 'Secret fairlead-system/fairlead-signing-key')
    expect(read).toThrow(expect.objectContaining({ detail: expect.objectContaining({ code: 'SIGNING_KEY_INVALID' }) }))
    expect(read).toThrow(/^Secret fairlead-system\/fairlead-signing-key holds no Ed25519 private key$/)
  })

  const noPublicKeys = [
    { name: 'nothing', pem: '' },
    { name: 'no PEM', pem: 'hunter2' },
    { name: 'a private key', pem: createSigningKey() },
    { name: 'an RSA key', pem: rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    { name: 'a PEM that is cut off', pem: publicPem.slice(0, 60) },
  ]

  test.each(noPublicKeys)('nothing is held against $name', ({ pem }) => {
    const invalid = expect.objectContaining({ detail: expect.objectContaining({ code: 'PUBLIC_KEY_INVALID' }) })
    expect(() => signatureHolds(publishedProgram, pem)).toThrow(invalid)
    expect(() => keyIdOf(pem)).toThrow(invalid)
  })
})
