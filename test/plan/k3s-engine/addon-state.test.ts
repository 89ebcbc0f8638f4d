import { expect, describe as group, test } from 'vitest'
import { type AddonQuestion, addonState } from '../../../src/plan/k3s-engine/addon-state.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { manifests } from '../../lab/planning.ts'
import { addon, failure, k3s, second, word } from './deployed.ts'

const text = 'kind: ConfigMap\n'

function stateOf(extra: Partial<AddonQuestion>): string {
  return addonState({
    path: `${manifests}/lan.yaml`,
    digest: sha256Hex(text),
    addon: addon('lan', text),
    word: word('lan'),
    version: k3s('v1.33.4+k3s1'),
    ...extra,
  }).state
}

group('a manifest beside a living K3s', () => {
  const cases: readonly { readonly name: string; readonly with: Partial<AddonQuestion>; readonly is: string }[] = [
    { name: 'is applied by the checksum of its bytes', with: {}, is: 'Applied' },
    { name: 'is applied after its Events have expired', with: { word: undefined }, is: 'Applied' },
    { name: 'is pending without an Addon', with: { addon: undefined, word: undefined }, is: 'Pending' },
    {
      name: 'is pending while its Addon is new',
      with: { addon: addon('lan', undefined), word: undefined },
      is: 'Pending',
    },
    { name: 'is pending while K3s has another content', with: { addon: addon('lan', 'other') }, is: 'Pending' },
    {
      name: 'has failed when K3s says so',
      with: { addon: addon('lan', 'other'), word: failure('lan', second(12)) },
      is: 'Failed',
    },
    {
      name: 'has failed when its Addon was made and its file could not be read in the same second',
      with: { addon: addon('lan', undefined, { writtenAtMs: second(13) }), word: failure('lan', second(12)) },
      is: 'Failed',
    },
    {
      name: 'has failed when another content failed after it was applied',
      with: { word: failure('lan', second(12)) },
      is: 'Failed',
    },
    {
      name: 'is applied when it was applied after the failure, though nobody told',
      with: { addon: addon('lan', text, { writtenAtMs: second(13) }), word: failure('lan', second(12)) },
      is: 'Applied',
    },
    {
      name: 'has failed when the server keeps no times of writes',
      with: { addon: addon('lan', text, { writtenAtMs: undefined }), word: failure('lan', second(12)) },
      is: 'Failed',
    },
    {
      name: 'is unknown where K3s keeps no checksum',
      with: { addon: addon('lan', undefined), version: k3s('v1.21.3+k3s1') },
      is: 'Unknown',
    },
    {
      name: 'is unknown there even with a checksum of before',
      with: { version: k3s('v1.21.4+k3s1') },
      is: 'Unknown',
    },
    { name: 'is told again after that', with: { version: k3s('v1.21.5+k3s1') }, is: 'Applied' },
  ]
  test.each(cases)('$name', ({ with: extra, is }) => {
    expect(stateOf(extra)).toBe(is)
  })

  test('names the file that has its Addon', () => {
    const other = addon('lan', 'other', { source: `${manifests}/sub/lan.yaml` })
    const { state, message } = addonState({
      path: `${manifests}/lan.yaml`,
      digest: sha256Hex(text),
      addon: other,
      word: undefined,
      version: undefined,
    })
    expect(state).toBe('Pending')
    expect(message).toContain(`${manifests}/sub/lan.yaml`)
  })
})
