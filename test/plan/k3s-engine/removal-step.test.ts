import { expect, test } from 'vitest'
import { type RemovalQuestion, type RemovalStep, removalStep } from '../../../src/plan/k3s-engine/removal-step.ts'
import { manifests } from '../../lab/planning.ts'
import { addon, failure, k3s, second, word } from './deployed.ts'

const kinds = [{ apiVersion: 'v1', kind: 'ConfigMap' }]

function step(extra: Partial<RemovalQuestion>): RemovalStep {
  return removalStep({
    manifest: { path: `${manifests}/lan.yaml`, emptiedAtMs: second(20), kinds },
    addon: addon('lan', '', { writtenAtMs: second(25) }),
    word: undefined,
    version: k3s('v1.33.4+k3s1'),
    ...extra,
  })
}

const emptied = { path: `${manifests}/lan.yaml`, emptiedAtMs: second(20), kinds: undefined }

const cases: readonly {
  readonly name: string
  readonly of: Partial<RemovalQuestion>
  readonly is: RemovalStep['kind']
}[] = [
  { name: 'the empty file was applied: its objects are looked for', of: {}, is: 'look' },
  {
    name: 'another content is still applied, here or on another server',
    of: { addon: addon('lan', 'data') },
    is: 'wait',
  },
  { name: 'no Addon: only time tells', of: { addon: undefined }, is: 'time' },
  {
    name: 'the Addon is that of another file',
    of: { addon: addon('lan', 'x', { source: `${manifests}/sub/lan.yaml`, writtenAtMs: second(25) }) },
    is: 'time',
  },
  {
    name: 'the Addon names the path of before, and K3s had no reason to write it since',
    of: { addon: addon('lan', 'x', { source: `${manifests}/sub/lan.yaml`, writtenAtMs: second(10) }) },
    is: 'wait',
  },
  {
    name: 'the Addon names the path of before, and is that of nothing',
    of: { addon: addon('lan', '', { source: `${manifests}/sub/lan.yaml`, writtenAtMs: second(10) }) },
    is: 'look',
  },
  { name: 'K3s failed to prune it', of: { addon: addon('lan', 'data'), word: failure('lan', second(22)) }, is: 'wait' },
  { name: 'a failure of before it was emptied is over', of: { word: failure('lan', second(5)) }, is: 'look' },
  { name: 'what it held is not known, and K3s kept a record', of: { manifest: emptied }, is: 'look' },
  {
    name: 'what it held is not known, and K3s kept none',
    of: { manifest: emptied, version: k3s('v1.22.4+k3s1') },
    is: 'time',
  },
  {
    name: 'K3s keeps no checksum and said that it applied it',
    of: { addon: addon('lan', undefined), version: k3s('v1.21.3+k3s1'), word: word('lan', { atMs: second(21) }) },
    is: 'look',
  },
  {
    name: 'K3s keeps no checksum and said so before it was emptied',
    of: { addon: addon('lan', undefined), version: k3s('v1.21.3+k3s1'), word: word('lan', { atMs: second(19) }) },
    is: 'time',
  },
]

test.each(cases)('$name', ({ of, is }) => {
  expect(step(of).kind).toBe(is)
})

test('a failure is told in the words of K3s', () => {
  expect(step({ addon: addon('lan', 'data'), word: failure('lan', second(22), 'timed out') })).toEqual({
    kind: 'wait',
    message: 'K3s could not prune it: ApplyManifestFailed timed out',
    hasFailed: true,
  })
})
