import { describe, expect, test } from 'vitest'
import type { PublishedProgram } from '../../../src/domain/published-program.ts'
import { type Expected, judgeEnvelope } from '../../../src/reconcile/api-source/judge-envelope.ts'
import { createSigningKey, readSigningKey, signProgram } from '../../../src/text/program-signature.ts'

const [key, other, third] = [
  readSigningKey(createSigningKey()),
  readSigningKey(createSigningKey()),
  readSigningKey(createSigningKey()),
]

function envelope(change: Partial<PublishedProgram> = {}, by = key): PublishedProgram {
  const { signature: _signature, ...unsigned } = {
    format: 1,
    cluster: 'home',
    clusterUID: 'uid-1',
    node: 'pi-1',
    sequence: 7,
    revision: { name: 'main@7', commit: 'c', author: 'ada', subject: 's' },
    digest: 'a'.repeat(64),
    program: { pieces: [] },
    ...change,
  } as PublishedProgram
  return signProgram(unsigned, by)
}

const accepted = { published: envelope(), publicPem: key.publicPem }
const expected: Expected = {
  node: 'pi-1',
  cluster: 'home',
  accepted,
  publicPems: [key.publicPem],
  isKeyTold: false,
}

interface Case {
  readonly name: string
  readonly published: PublishedProgram
  readonly against?: Partial<Expected>
  readonly code: string | undefined
}

const cases: readonly Case[] = [
  { name: 'the one that is known', published: envelope(), code: undefined },
  { name: 'a later one', published: envelope({ sequence: 8, digest: 'b'.repeat(64) }), code: undefined },
  { name: 'the first', published: envelope({ sequence: 1 }), against: { accepted: undefined }, code: undefined },
  { name: 'one for another node', published: envelope({ node: 'pi-2' }), code: 'PROGRAM_OTHER_NODE' },
  { name: 'one for another cluster', published: envelope({ cluster: 'away' }), code: 'PROGRAM_OTHER_CLUSTER' },
  {
    name: 'one for any cluster where nobody said which',
    published: envelope({ cluster: 'away', sequence: 8 }),
    against: { cluster: undefined },
    code: undefined,
  },
  {
    name: 'one from a cluster of the same name',
    published: envelope({ clusterUID: 'uid-2', sequence: 8 }),
    code: 'PROGRAM_OTHER_CLUSTER',
  },
  { name: 'an older one', published: envelope({ sequence: 6 }), code: 'PROGRAM_REPLAYED' },
  { name: 'another one of the same number', published: envelope({ digest: 'b'.repeat(64) }), code: 'PROGRAM_REPLAYED' },
  {
    name: 'the same with a permit that it did not have',
    published: envelope({ permit: { program: 'a'.repeat(64) } }),
    code: 'PROGRAM_REPLAYED',
  },
  { name: 'one that another key signed', published: envelope({ sequence: 8 }, other), code: 'PROGRAM_KEY_CHANGED' },
  {
    name: 'one that another key signed, where that is the one that was told',
    published: envelope({ sequence: 7, digest: 'b'.repeat(64) }, other),
    against: { publicPems: [other.publicPem], isKeyTold: true },
    code: undefined,
  },
  {
    name: 'an older one with another key that was told',
    published: envelope({ sequence: 6 }, other),
    against: { publicPems: [other.publicPem], isKeyTold: true },
    code: 'PROGRAM_REPLAYED',
  },
  {
    name: 'one that either of two keys signed, while both were told',
    published: envelope({ sequence: 8 }, other),
    against: { publicPems: [key.publicPem, other.publicPem], isKeyTold: true },
    code: undefined,
  },
  {
    name: 'one of the key of before, while both were told',
    published: envelope({ sequence: 8 }),
    against: { publicPems: [other.publicPem, key.publicPem], isKeyTold: true },
    code: undefined,
  },
  {
    name: 'one that none of two keys signed',
    published: envelope({ sequence: 8 }, third),
    against: { publicPems: [key.publicPem, other.publicPem], isKeyTold: true },
    code: 'PROGRAM_KEY_CHANGED',
  },
  {
    name: 'one that names a key that was told, and was signed with another',
    published: {
      ...envelope({ sequence: 8 }, third),
      signature: { ...envelope({ sequence: 8 }, third).signature, keyId: key.keyId },
    },
    against: { publicPems: [key.publicPem, other.publicPem], isKeyTold: true },
    code: 'PROGRAM_UNSIGNED',
  },
  { name: 'one that was changed', published: { ...envelope({ sequence: 8 }), sequence: 9 }, code: 'PROGRAM_UNSIGNED' },
  {
    name: 'one where no key is known',
    published: envelope(),
    against: { publicPems: [] },
    code: 'PROGRAM_UNSIGNED',
  },
]

describe('the envelope of a program', () => {
  for (const { name, published, against, code } of cases) {
    test(`${name}: ${code ?? 'is believed'}`, () => {
      const problem = judgeEnvelope(published, { ...expected, ...against }, 'NodeProgram x/pi-1')
      expect(problem?.code).toBe(code)
    })
  }

  test('names all keys that are trusted', () => {
    const against = { ...expected, publicPems: [key.publicPem, other.publicPem] }
    expect(judgeEnvelope(envelope({ sequence: 8 }, third), against, 'NodeProgram x/pi-1')?.what).toBe(
      `it is signed with key ${third.keyId}, and keys ${key.keyId}, ${other.keyId} are trusted`,
    )
  })

  test('is told with the object, the values, and the way out', () => {
    const problem = judgeEnvelope(envelope({ sequence: 8 }, other), expected, 'NodeProgram x/pi-1')
    expect(problem).toMatchObject({
      place: { file: 'NodeProgram x/pi-1' },
      what: `it is signed with key ${other.keyId}, and key ${key.keyId} is trusted`,
      fix: expect.stringContaining('--controller-key-file'),
    })
  })
})
