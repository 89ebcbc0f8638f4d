import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packedLimits } from '../../../src/domain/packed-program.ts'
import type { Json } from '../../../src/domain/plain-json.ts'
import { packProgram } from '../../../src/render/pack-program.ts'
import { parseNodeProgram } from '../../../src/schema/program/node-program.ts'
import { contentsOf, unpackProgram } from '../../../src/schema/program/unpack-program.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { longProgram } from '../../lab/filter-programs.ts'
import { nodeProgram, peersOf } from '../../lab/published-programs.ts'

const data = '"kept apart"'
const digest = sha256Hex(data)
const absent = 'f'.repeat(64)
const known = new Map([[digest, data]])

function refusal(packed: Json, contents: ReadonlyMap<string, string> = known): string {
  const unpacked = unpackProgram(packed, 'pi-1', contents)
  return unpacked.ok ? '' : unpacked.error
}

test('pieces are put together in their order', () => {
  const packed = { pieces: ['{"a":', { contents: [digest] }, ',"b":', { contents: [digest] }, '}'] }
  expect(unpackProgram(packed, 'pi-1', known)).toEqual({ ok: true, value: `{"a":${data},"b":${data}}` })
})

test('the node is taken out of the list of peers, and everybody else stays', () => {
  const peers = JSON.stringify(peersOf(3))
  const packed = { pieces: [{ peers: [sha256Hex(peers)] }] }
  const unpacked = unpackProgram(packed, 'n-0001', new Map([[sha256Hex(peers), peers]]))
  expect(unpacked).toEqual({ ok: true, value: JSON.stringify([peersOf(3)[0], peersOf(3)[2]]) })
})

const malformed: readonly { readonly name: string; readonly packed: Json; readonly says: string }[] = [
  { name: 'no pieces', packed: {}, says: 'program.pieces: is no list' },
  { name: 'pieces that are a text', packed: { pieces: '{}' }, says: 'program.pieces: is no list' },
  { name: 'another field', packed: { pieces: [], node: 'pi-2' }, says: 'program: field "node" is not known' },
  { name: 'a number', packed: { pieces: ['{', 1] }, says: 'program.pieces.1: is neither text nor a reference' },
  { name: 'null', packed: { pieces: [null] }, says: 'program.pieces.0: is neither text nor a reference' },
  { name: 'a list in the list', packed: { pieces: [[]] }, says: 'program.pieces.0: is neither text nor a reference' },
  { name: 'an empty reference', packed: { pieces: [{}] }, says: 'program.pieces.0: is not a reference with one field' },
  {
    name: 'a reference of two kinds',
    packed: { pieces: [{ contents: [digest], peers: [digest] }] },
    says: 'program.pieces.0: is not a reference with one field',
  },
  {
    name: 'a reference to a file',
    packed: { pieces: [{ contents: ['../../etc/shadow'] }] },
    says: 'program.pieces.0: contents is no list of digests',
  },
  {
    name: 'a reference to itself',
    packed: { pieces: [{ contents: [{ contents: [digest] }] }] },
    says: 'program.pieces.0: contents is no list of digests',
  },
  {
    name: '__proto__ instead of a field',
    packed: JSON.parse(`{"pieces":[{"__proto__":{"contents":["${digest}"]}}]}`) as Json,
    says: 'program.pieces.0: is not a reference with one field',
  },
  {
    name: '__proto__ beside the pieces',
    packed: JSON.parse('{"pieces":[],"__proto__":{"pieces":["{}"]}}') as Json,
    says: 'program: field "__proto__" is not known',
  },
  {
    name: 'a content that is not there',
    packed: { pieces: ['', { contents: [digest, absent] }] },
    says: `program.pieces.1: content ${absent} is missing`,
  },
]

test.each(malformed)('a packed program is refused by the name of its field: $name', ({ packed, says }) => {
  expect(refusal(packed)).toBe(says)
})

test('a content of another digest than its name is refused, the second of them too', () => {
  const packed = { pieces: [{ contents: [digest] }, { contents: [absent] }] }
  const contents = new Map([...known, [absent, 'anything']])
  expect(refusal(packed, contents)).toBe(`program.pieces.1: content ${absent} has another digest than its name`)
})

test('a content that looks like a reference is data: there is no way to a loop', () => {
  const loop = JSON.stringify({ contents: [digest] })
  const packed = { pieces: [{ contents: [sha256Hex(loop)] }] }
  expect(unpackProgram(packed, 'pi-1', new Map([[sha256Hex(loop), loop]]))).toEqual({ ok: true, value: loop })
})

const noLists = ['{"node":"pi-1"}', '[1]', '[{"name":"pi-1"}]', '[{"node":1}]', '[{"node":"pi-1"}', '', '[null]']

test.each(noLists)('peers are a list with a name in each: not %s', (text) => {
  const packed = { pieces: [{ peers: [sha256Hex(text)] }] }
  expect(refusal(packed, new Map([[sha256Hex(text), text]]))).toBe('program.pieces.0.peers: is no list of peers')
})

test('peers that are nested deeper than the stack are refused, and nothing breaks', () => {
  const depth = 200_000
  const text = `[{"node":"a","x":${'['.repeat(depth)}${']'.repeat(depth)}}]`
  const packed = { pieces: [{ peers: [sha256Hex(text)] }] }
  expect(refusal(packed, new Map([[sha256Hex(text), text]]))).toBe('program.pieces.0.peers: is no list of peers')
})

test('a program that is nested deeper than any stack is refused by the name of its field', () => {
  const deep = `${'['.repeat(300_000)}${']'.repeat(300_000)}`
  const text = JSON.stringify(nodeProgram()).replace('"files":[', `"files":[${deep},`)
  const unpacked = unpackProgram({ pieces: [text] }, 'pi-1', new Map())
  if (!unpacked.ok) throw new Error(unpacked.error)
  const parsed = parseNodeProgram(unpacked.value)
  expect(parsed.ok ? [] : parsed.error).toEqual([expect.stringMatching(/^files\.0: /)])
})

test('a few references cannot stand for more than a program may have', () => {
  const mebibyte = 'x'.repeat(1024 * 1024)
  const packed = { pieces: Array.from({ length: 100 }, () => ({ contents: [sha256Hex(mebibyte)] })) }
  const told = refusal(packed, new Map([[sha256Hex(mebibyte), mebibyte]]))
  expect(told).toBe(`program.pieces.48: the program is longer than ${packedLimits.program} bytes`)
})

test('more references than any program needs are refused before one of them is looked for', () => {
  const packed = { pieces: [{ contents: Array.from({ length: 1_025 }, () => absent) }] }
  expect(refusal(packed)).toMatch(/^program\.pieces: 1025 references/)
  const all = { pieces: [{ contents: Array.from({ length: 5_000 }, (_, index) => sha256Hex(String(index))) }] }
  expect(contentsOf(all)).toHaveLength(packedLimits.references)
})

test('contents are named once, and only what is a digest', () => {
  const packed = { pieces: ['x', { contents: [digest, absent] }, { peers: [digest] }, { contents: ['x', 1] }, null] }
  expect(contentsOf(packed)).toEqual([digest, absent])
  expect(contentsOf({})).toEqual([])
})

test('whatever stands in the place of a program, the answer is a text or an objection, and nothing is thrown', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.jsonValue(),
    fc.record({ contents: fc.array(fc.oneof(fc.constantFrom(digest, absent), fc.jsonValue())) }),
    fc.record({ peers: fc.array(fc.constantFrom(digest, absent)) }),
  )
  const packed = fc.oneof(fc.record({ pieces: fc.array(piece) }), fc.dictionary(fc.string(), fc.jsonValue()))
  fc.assert(
    fc.property(packed, (value) => {
      const unpacked = unpackProgram(value as Json, 'pi-1', known)
      expect(contentsOf(value as Json).every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(true)
      return unpacked.ok ? typeof unpacked.value === 'string' : unpacked.error.startsWith('program')
    }),
    { numRuns: 500 },
  )
})

test('every byte of a program that is changed is found', () => {
  const program = nodeProgram({ manifests: { 'a.yaml': 'a: 1\n' } })
  const { program: packed, contents } = packProgram(program)
  const bytes = Buffer.from(JSON.stringify(packed))
  for (const [offset, byte] of bytes.entries()) {
    const changed = Buffer.from(bytes)
    changed[offset] = byte === 0x61 ? 0x62 : 0x61
    expect(acceptedDigest(changed.toString(), contents)).not.toBe(program.digest)
  }
  expect(acceptedDigest(bytes.toString(), contents)).toBe(program.digest)
})

test('a byte of a content that is changed is found, wherever it stands', () => {
  const { program: packed, contents } = packProgram(nodeProgram({ filter: longProgram(400) }))
  expect(contents.size).toBeGreaterThan(1)
  for (const [name, value] of contents) {
    for (const at of [0, 40, value.length - 1]) {
      const other = value[at] === 'x' ? 'y' : 'x'
      const forged = new Map([...contents, [name, `${value.slice(0, at)}${other}${value.slice(at + 1)}`]])
      expect(acceptedDigest(JSON.stringify(packed), forged)).toBeUndefined()
    }
  }
})

/** What an agent would hold against the digest of the envelope. */
function acceptedDigest(packed: string, contents: ReadonlyMap<string, string>): string | undefined {
  try {
    const unpacked = unpackProgram(JSON.parse(packed) as Json, 'pi-1', contents)
    const program = unpacked.ok ? parseNodeProgram(unpacked.value) : undefined
    return program?.ok === true ? program.value.digest : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
