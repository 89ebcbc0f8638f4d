import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packedLimits } from '../../src/domain/packed-program.ts'
import { asList, asRecord, type Json } from '../../src/domain/plain-json.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import { packProgram } from '../../src/render/pack-program.ts'
import { parseNodeProgram } from '../../src/schema/program/node-program.ts'
import { contentsOf, unpackProgram } from '../../src/schema/program/unpack-program.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { longProgram, setProgram } from '../lab/filter-programs.ts'
import { nodeProgram, peersOf, peersWithout } from '../lab/published-programs.ts'

type Shared = Parameters<typeof packProgram>[1]

/** Packs, sends through an API that sorts fields, and unpacks with exactly the contents that the program names. */
function roundTrip(program: NodeProgram, shared?: Shared): string {
  const { program: packed, contents } = packProgram(program, shared)
  const arrived = JSON.parse(JSON.stringify(packed)) as Json
  expect(Buffer.byteLength(JSON.stringify(packed))).toBeLessThanOrEqual(packedLimits.inline)
  expect([...contentsOf(arrived)].sort()).toEqual([...contents.keys()].sort())
  for (const [digest, data] of contents) {
    expect(sha256Hex(data)).toBe(digest)
    expect(Buffer.byteLength(data)).toBeLessThanOrEqual(packedLimits.content)
    expect(data.isWellFormed()).toBe(true)
  }
  const unpacked = unpackProgram(arrived, program.node, contents)
  if (!unpacked.ok) throw new Error(unpacked.error)
  return unpacked.value
}

/** A text of at least `sizeBytes` bytes of UTF-8. */
const long = (unit: string, sizeBytes: number): string => unit.repeat(Math.ceil(sizeBytes / Buffer.byteLength(unit)))

const programs = [
  { name: 'nothing in it', program: nodeProgram() },
  { name: 'a part that just stays', program: nodeProgram({ manifests: { 'a.yaml': 'x'.repeat(28 * 1024) } }) },
  { name: 'a part that is just too long', program: nodeProgram({ manifests: { 'a.yaml': 'x'.repeat(32 * 1024) } }) },
  { name: 'a text of 1.2 MiB', program: nodeProgram({ manifests: { 'a.yaml': long('line: "a"\n', 1_258_291) } }) },
  { name: 'characters of two bytes', program: nodeProgram({ manifests: { 'a.yaml': `x${long('ß', 1_258_291)}` } }) },
  {
    name: 'characters of three bytes',
    program: nodeProgram({ manifests: { 'a.yaml': `xy${long('漢', 1_258_291)}` } }),
  },
  { name: 'characters of four bytes', program: nodeProgram({ manifests: { 'a.yaml': `x${long('🚢', 1_258_291)}` } }) },
  { name: 'halves of characters', program: nodeProgram({ manifests: { 'a.yaml': long('\ud83d.', 300_000) } }) },
  {
    name: 'control characters',
    program: nodeProgram({ manifests: { 'a.yaml': long('\u0000\u2028<&>"\\', 300_000) } }),
  },
  { name: '10,000 rules', program: nodeProgram({ filter: longProgram(10_000) }) },
  {
    name: 'a set of 20,000 networks',
    program: nodeProgram({
      filter: setProgram(Array.from({ length: 20_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`)),
    }),
  },
  {
    name: 'many files that are short',
    program: nodeProgram({
      manifests: Object.fromEntries(
        Array.from({ length: 300 }, (_, index) => [`${index}.yaml`, `${index}\n`.repeat(900)]),
      ),
    }),
  },
  {
    name: 'long files between short ones',
    program: nodeProgram({
      manifests: {
        'a.yaml': 'a',
        'b.yaml': long('b', 400_000),
        'c.yaml': 'c',
        'd.yaml': long('d', 40_000),
        'e.yaml': 'e',
      },
    }),
  },
  {
    name: 'more long files than can be named one by one',
    program: nodeProgram({
      manifests: Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [`${index}.yaml`, long(`${index},`, 33_000)]),
      ),
    }),
  },
]

test.each(programs)('a program is the same bytes after packing and unpacking: $name', ({ program }) => {
  const text = roundTrip(program)
  expect(text === JSON.stringify(program)).toBe(true)
})

test('what was unpacked is a program again, digest and all', () => {
  const program = nodeProgram({
    filter: longProgram(2_000),
    peers: peersOf(300),
    manifests: { 'a.yaml': 'x'.repeat(99_999) },
  })
  expect(parseNodeProgram(roundTrip(program, { podRoutePeers: peersOf(300) }))).toEqual({ ok: true, value: program })
})

test('a program is the same bytes after packing and unpacking: generated ones', () => {
  const unit = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
  const text = fc
    .tuple(unit, fc.nat({ max: 400_000 }))
    .map(([part, size]) => long(part, size % 7 === 0 ? size : size % 3_000))
  const draft = fc.record({
    manifests: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}\.yaml$/), text, { maxKeys: 12 }),
    rules: fc.nat({ max: 600 }),
    nodes: fc.nat({ max: 400 }),
    self: fc.nat({ max: 500 }),
    isShared: fc.boolean(),
  })
  fc.assert(
    fc.property(draft, ({ manifests, rules, nodes, self, isShared }) => {
      const node = `n-${String(self).padStart(4, '0')}`
      const all = peersOf(nodes)
      const program = nodeProgram({ node, manifests, filter: longProgram(rules), peers: peersWithout(all, node) })
      const unpacked = roundTrip(program, isShared ? { podRoutePeers: all } : undefined)
      return unpacked === JSON.stringify(program)
    }),
    { numRuns: 60 },
  )
})

describe('what is shared', () => {
  const peers = peersOf(2_000)
  const manifests = { 'calico.yaml': long('kind: "Calico"\n', 320_000) }
  const packed = peers.map(({ node }) =>
    packProgram(nodeProgram({ node, manifests, peers: peersWithout(peers, node) }), { podRoutePeers: peers }),
  )

  test('2,000 nodes with one manifest and one list of peers have a handful of contents', () => {
    const digests = new Set(packed.flatMap(({ contents }) => [...contents.keys()]))
    expect(digests.size).toBeLessThan(12)
    expect(new Set(packed.map(({ program }) => JSON.stringify(program))).size).toBe(2_000)
  })

  test('peers are in the contents of everybody, also where there are few', () => {
    const few = peersOf(3)
    const { program, contents } = packProgram(nodeProgram({ node: 'n-0001', peers: peersWithout(few, 'n-0001') }), {
      podRoutePeers: few,
    })
    expect([...contents.values()]).toEqual([JSON.stringify(few)])
    expect(JSON.stringify(program)).not.toContain('n-0002')
  })

  test('a list of peers that is not the one of all without oneself is kept as it is', () => {
    const all = peersOf(5)
    const odd = [...peersWithout(all, 'pi-1')].reverse()
    const program = nodeProgram({ peers: odd })
    expect(roundTrip(program, { podRoutePeers: all })).toBe(JSON.stringify(program))
  })

  test('the same program is packed into the same bytes, whatever object it is', () => {
    const program = nodeProgram({ filter: longProgram(3_000), manifests, peers: peersOf(40) })
    const again = JSON.parse(JSON.stringify(program)) as NodeProgram
    const [one, two] = [packProgram(program), packProgram(again)]
    expect(JSON.stringify(two.program)).toBe(JSON.stringify(one.program))
    expect([...two.contents]).toEqual([...one.contents])
  })

  test('one more node changes one or two contents of the list of peers', () => {
    const more = [...peersOf(1_000), { node: 'n-0500a', podCIDRs: [], addresses: [] }, ...peersOf(2_000).slice(1_000)]
    const contentsFor = (all: typeof peers): ReadonlySet<string> =>
      new Set(packProgram(nodeProgram({ node: 'x', peers: all }), { podRoutePeers: all }).contents.keys())
    const before = contentsFor(peers)
    expect([...contentsFor(more)].filter((digest) => !before.has(digest)).length).toBeLessThanOrEqual(2)
  })

  test('one more rule at the top leaves most contents of 10,000 rules as they are', () => {
    const rules = (count: number): ReadonlySet<string> =>
      new Set(packProgram(nodeProgram({ filter: longProgram(count) })).contents.keys())
    const before = rules(10_000)
    const program = nodeProgram({ filter: longProgram(10_000) })
    const chain = program.network?.filter?.v4.chains.find(({ name }) => name === 'FAIRLEAD-INPUT')
    const [first] = chain?.rules ?? []
    if (chain === undefined || first === undefined || program.network?.filter === undefined) throw new Error('no rules')
    const v4 = { sets: [], chains: [{ ...chain, rules: [{ ...first, id: 'aaaaaaaaaaaa' }, ...chain.rules] }] }
    const filter = { ...program.network.filter, v4 }
    const after = packProgram({ ...program, network: { ...program.network, filter } }).contents
    expect(before.size).toBeGreaterThan(20)
    expect([...after.keys()].filter((digest) => !before.has(digest)).length).toBeLessThanOrEqual(2)
  })
})

test('a program that is longer than anybody would take is refused, and says whose it is', () => {
  const manifests = Object.fromEntries(
    Array.from({ length: 7 }, (_, index) => [`${index}.yaml`, 'x'.repeat(7 * 1024 * 1024)]),
  )
  expect(() => packProgram(nodeProgram({ node: 'big', manifests }))).toThrow(
    expect.objectContaining({
      detail: expect.objectContaining({ code: 'PROGRAM_TOO_LARGE', where: 'NodeProgram big' }),
    }),
  )
})

test('a content is named once however often it is there', () => {
  const text = long('same\n', 200_000)
  const { program, contents } = packProgram(nodeProgram({ manifests: { 'a.yaml': text, 'b.yaml': text } }))
  expect(contents.size).toBe(2)
  expect(contentsOf(program)).toHaveLength(2)
  expect(asList(program['pieces']).filter((piece) => asList(asRecord(piece)['contents']).length === 2)).toHaveLength(2)
})
