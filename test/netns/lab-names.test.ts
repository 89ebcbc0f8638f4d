import { describe, expect, test } from 'vitest'
import { labPrefix, ownerOf, startTicksOf } from './lab-names.ts'

describe('names of a lab', () => {
  test('tell whose it is', () => {
    const owner = { pid: 4711, startTicks: '123456' }
    expect(ownerOf(`${labPrefix(owner, '9f3c01')}-n1`)).toEqual(owner)
  })

  for (const name of ['fl-ns-9f3c01', 'fllab-4711-n1', 'cni-1234', 'fllab-4711-1-9f3c01-n1-more']) {
    test(`${name} is no lab's`, () => expect(ownerOf(name)).toBeUndefined())
  }

  test('are short enough for a folder of /run/netns', () => {
    expect(`${labPrefix({ pid: 4_194_304, startTicks: '99999999999' }, '9f3c01')}-srv1`.length).toBeLessThan(64)
  })

  test('the start of a process is read past a name with brackets', () => {
    const fields = Array.from({ length: 50 }, (_, index) => `${index + 3}`)
    expect(startTicksOf(`4711 (a) b (c)) ${fields.join(' ')}`)).toBe('22')
  })
})
