import { expect, test } from 'vitest'
import { parsePublishedProgram } from '../../../src/schema/program/published-program.ts'
import { publishedProgram } from '../../lab/published-programs.ts'

const refusals = (spec: unknown): readonly string[] => {
  const parsed = parsePublishedProgram(spec)
  return parsed.ok ? [] : parsed.error
}

test('an envelope comes out as it went in, with a permit and without', () => {
  const { permit: _permit, ...waiting } = publishedProgram
  expect(parsePublishedProgram(publishedProgram)).toEqual({ ok: true, value: publishedProgram })
  expect(parsePublishedProgram(JSON.parse(JSON.stringify(waiting)))).toEqual({ ok: true, value: waiting })
})

test('a form that is not known here is told as that, whatever else it has', () => {
  expect(refusals({ format: 2, shape: 'new' })).toEqual(['format: 2 is not known here; this release takes 1'])
  expect(refusals({ ...publishedProgram, format: 0 })).toEqual(['format: 0 is not known here; this release takes 1'])
})

const { revision, signature } = publishedProgram
const cases: readonly { readonly name: string; readonly spec: unknown; readonly field: string }[] = [
  { name: 'nothing', spec: undefined, field: 'spec' },
  { name: 'a list', spec: [], field: 'spec' },
  { name: 'no form', spec: { ...publishedProgram, format: undefined }, field: 'format' },
  { name: 'a form in words', spec: { ...publishedProgram, format: '1' }, field: 'format' },
  { name: 'half a form', spec: { ...publishedProgram, format: 1.5 }, field: 'format' },
  { name: 'no cluster', spec: { ...publishedProgram, cluster: '' }, field: 'cluster' },
  { name: 'a node that is a path', spec: { ...publishedProgram, node: '../pi-2' }, field: 'node' },
  { name: 'a UID with spaces', spec: { ...publishedProgram, clusterUID: 'a b' }, field: 'clusterUID' },
  { name: 'a negative sequence', spec: { ...publishedProgram, sequence: -1 }, field: 'sequence' },
  { name: 'a sequence beyond counting', spec: { ...publishedProgram, sequence: 2 ** 53 }, field: 'sequence' },
  { name: 'a sequence in words', spec: { ...publishedProgram, sequence: '7' }, field: 'sequence' },
  { name: 'no revision', spec: { ...publishedProgram, revision: null }, field: 'revision' },
  {
    name: 'a long name',
    spec: { ...publishedProgram, revision: { ...revision, name: 'x'.repeat(2_000) } },
    field: 'revision.name',
  },
  { name: 'a digest in capitals', spec: { ...publishedProgram, digest: 'A'.repeat(64) }, field: 'digest' },
  { name: 'a program in text', spec: { ...publishedProgram, program: '{}' }, field: 'program' },
  { name: 'a list as program', spec: { ...publishedProgram, program: [] }, field: 'program' },
  { name: 'a permit for nothing', spec: { ...publishedProgram, permit: {} }, field: 'permit.program' },
  {
    name: 'a signature that is too short',
    spec: { ...publishedProgram, signature: { ...signature, value: 'AA==' } },
    field: 'signature.value',
  },
  { name: 'a field that nobody signed', spec: { ...publishedProgram, command: 'rm' }, field: 'spec' },
  {
    name: '__proto__',
    spec: JSON.parse(`{"__proto__":{"permit":1},${JSON.stringify(publishedProgram).slice(1)}`),
    field: 'spec',
  },
]

test.each(cases)('an envelope is refused by the name of its field: $name', ({ spec, field }) => {
  expect(refusals(spec).map((text) => text.slice(0, text.indexOf(':')))).toEqual([field])
})

test('what is refused is told in few and short words, however much of it there is', () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`${'x'.repeat(500)}${index}`, 1]))
  const told = refusals({ ...publishedProgram, ...many })
  expect(told.length).toBeLessThanOrEqual(20)
  expect(Math.max(...told.map((text) => text.length))).toBeLessThanOrEqual(300)
})

test('a program that is nested deeper than any stack is carried, and not walked into', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`) as unknown
  expect(parsePublishedProgram({ ...publishedProgram, program: deep }).ok).toBe(true)
})
