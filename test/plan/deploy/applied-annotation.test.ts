import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { asRecord, type Json } from '../../../src/domain/plain-json.ts'
import { type AppliedCodec, lastApplied, withApplied } from '../../../src/plan/deploy/applied-annotation.ts'
import { rulesOf } from './releases.ts'

const codec: AppliedCodec = {
  compress: (text) => gzipSync(text),
  decompress: (bytes) => gunzipSync(bytes).toString('utf8'),
}
const now = rulesOf('v1.36.3+k3s1')
const before = rulesOf('v1.21.2+k3s1')

function annotationOf(object: Json): string {
  return String(asRecord(asRecord(object['metadata'])['annotations'])['objectset.rio.cattle.io/applied'])
}

describe('the annotation applied', () => {
  test('holds the object without itself, as unpadded base64 of gzip', () => {
    const object = { kind: 'ConfigMap', data: { b: '2', a: '1' }, metadata: { name: 'a', annotations: { own: 'x' } } }
    const sent = withApplied(object, now, codec)
    expect(annotationOf(sent)).toMatch(/^H4sI[A-Za-z0-9+/]+$/)
    expect(lastApplied(sent, codec)).toEqual(object)
    expect(sent).toMatchObject(object)
  })

  test('was plain JSON with sorted keys while it was short', () => {
    const sent = withApplied({ kind: 'A', a: { c: 1, b: 2 } }, before, codec)
    expect(annotationOf(sent)).toBe('{"a":{"b":2,"c":1},"kind":"A"}')
    const long = withApplied({ kind: 'A', text: 'x'.repeat(1100) }, before, codec)
    expect(annotationOf(long)).toMatch(/^H4sI/)
    expect(lastApplied(long, codec)).toEqual({ kind: 'A', text: 'x'.repeat(1100) })
  })

  test('cuts texts to 64 bytes, except those that tell list items apart and those that are items', () => {
    const long = 'n'.repeat(80)
    const object = {
      data: { k: long },
      list: [{ name: long, value: long, inner: { name: long } }, long],
      e: 'é'.repeat(40),
    }
    const cut = 'n'.repeat(64)
    expect(lastApplied(withApplied(object, now, codec), codec)).toEqual({
      data: { k: cut },
      list: [{ name: long, value: cut, inner: { name: cut } }, long],
      e: 'é'.repeat(32),
    })
    expect(lastApplied(withApplied({ data: { k: long } }, before, codec), codec)).toEqual({ data: { k: long } })
  })

  for (const [name, value] of [
    ['is missing', undefined],
    ['is empty', ''],
    ['is no gzip', 'H4sIAAAA'],
    ['is no JSON', '{'],
  ] as const) {
    test(`says nothing where it ${name}`, () => {
      const annotations = value === undefined ? {} : { 'objectset.rio.cattle.io/applied': value }
      expect(lastApplied({ metadata: { annotations } }, codec)).toEqual({})
    })
  }
})
