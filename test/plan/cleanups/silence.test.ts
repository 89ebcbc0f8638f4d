import { expect, test } from 'vitest'
import { noSilence, silentForMs, watchSilence } from '../../../src/plan/cleanups/silence.ts'
import { artefactOf, leftoversOf, tablesOf } from './sample-leftovers.ts'

const cleanups = [artefactOf('network-policy')]
const withRule = (rule: string) =>
  leftoversOf({ tables: tablesOf(`*filter\n:INPUT ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n${rule}\nCOMMIT\n`) })
const first = withRule('-A KUBE-ROUTER-INPUT -j RETURN')

test('silence grows while nothing of a component changes', () => {
  const watched = watchSilence(watchSilence(noSilence, cleanups, first, 1000), cleanups, first, 61_000)
  expect(silentForMs(watched, 61_000)('network-policy')).toBe(60_000)
  expect(silentForMs(watched, 61_000)('calico')).toBeUndefined()
})

test('a rule that changes inside one of its chains ends the silence', () => {
  const before = watchSilence(noSilence, cleanups, first, 1000)
  const after = watchSilence(before, cleanups, withRule('-A KUBE-ROUTER-INPUT -j ACCEPT'), 61_000)
  expect(silentForMs(after, 61_000)('network-policy')).toBe(0)
})

test('what others change in their own chains does not', () => {
  const before = watchSilence(noSilence, cleanups, first, 1000)
  const after = watchSilence(
    before,
    cleanups,
    withRule('-A KUBE-ROUTER-INPUT -j RETURN\n-A INPUT -i lo -j ACCEPT'),
    61_000,
  )
  expect(silentForMs(after, 61_000)('network-policy')).toBe(60_000)
})
