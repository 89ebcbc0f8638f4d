import { expect, describe as group, test } from 'vitest'
import type { Adoption } from '../../src/domain/status.ts'
import { adoptionAfter } from '../../src/reconcile/adoption-after.ts'

const adoption: Adoption = { cluster: 'home', node: 'pi-1', adoptedAt: '2026-01-01T00:00:00Z', takenOver: {} }
const awaiting: Adoption = { ...adoption, awaitsK3s: true }
const consent: Adoption = { ...awaiting, takenOver: { '/a': 'digest', '/b': 'digest' } }

group('a yes after a pass', () => {
  test('waits for K3s until one ran, and never again', () => {
    expect(adoptionAfter(awaiting, [], false)).toBeUndefined()
    expect(adoptionAfter(awaiting, [], true)).toEqual(adoption)
    expect(adoptionAfter(adoption, [], true)).toBeUndefined()
  })

  test('to a takeover is used up by it', () => {
    expect(adoptionAfter(consent, ['/a'], false)).toEqual({ ...awaiting, takenOver: { '/b': 'digest' } })
    expect(adoptionAfter(consent, ['/c'], false)).toBeUndefined()
  })

  test('both at once', () => {
    expect(adoptionAfter(consent, ['/a', '/b'], true)).toEqual(adoption)
  })
})
