import { describe, expect, test } from 'vitest'
import { type ManifestPatch, patchManifest, printPatchPlace } from '../../src/text/manifest-patch.ts'

const configMap = { kind: 'ConfigMap', name: 'settings' } as const
const daemonSet = { kind: 'DaemonSet', name: 'agent' } as const

const data = (key: string, value: string): ManifestPatch => ({ kind: 'data', object: configMap, key, value })
const json = (key: string, field: string, value: number): ManifestPatch => ({
  kind: 'json',
  object: configMap,
  key,
  path: [field],
  value,
})
const env = (name: string, value: string, container = 'agent'): ManifestPatch => ({
  kind: 'env',
  object: daemonSet,
  list: 'containers',
  container,
  name,
  value,
})

const inConfigMap = (lines: string): string =>
  `kind: ConfigMap\nmetadata:\n  name: settings\ndata:\n${lines}immutable: false\n`
const inEnv = (lines: string): string =>
  `kind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  template:\n    spec:\n      containers:\n      - name: agent\n        env:\n${lines}        image: agent\n`

interface Case {
  readonly name: string
  readonly patch: ManifestPatch
  readonly before: string
  readonly after: string
}

const cases: readonly Case[] = [
  {
    name: 'a key of data is replaced, with the comment behind it kept',
    patch: data('a', 'new'),
    before: inConfigMap('  a: old # why\n  b: "2"\n'),
    after: inConfigMap('  a: "new" # why\n  b: "2"\n'),
  },
  {
    name: 'a number becomes the text that a ConfigMap needs',
    patch: data('a', '1'),
    before: inConfigMap('  a: 1\n'),
    after: inConfigMap('  a: "1"\n'),
  },
  {
    name: 'a key without a value gets one',
    patch: data('a', 'x'),
    before: inConfigMap('  a:\n  b: "2"\n'),
    after: inConfigMap('  a: "x"\n  b: "2"\n'),
  },
  {
    name: 'several lines become one',
    patch: data('a', 'x'),
    before: inConfigMap('  a: |\n    one\n    two\n  b: "2"\n'),
    after: inConfigMap('  a: "x"\n  b: "2"\n'),
  },
  {
    name: 'a key is added behind the last one',
    patch: data('c', 'x'),
    before: inConfigMap('  # first\n  a: "1"\n  b: |\n    one\n'),
    after: inConfigMap('  # first\n  a: "1"\n  b: |\n    one\n  c: "x"\n'),
  },
  {
    name: 'what says the same in another form stays',
    patch: data('a', 'x'),
    before: inConfigMap("  a: 'x'\n"),
    after: inConfigMap("  a: 'x'\n"),
  },
  {
    name: 'JSON in a block is patched where it stands',
    patch: json('conf', 'b', 2),
    before: inConfigMap('  conf: |-\n    {\n      "a": __MTU__\n    }\n\n  # next\n  z: ""\n'),
    after: inConfigMap('  conf: |-\n    {\n      "a": __MTU__,\n      "b": 2\n    }\n\n  # next\n  z: ""\n'),
  },
  {
    name: 'JSON in quotes stays on its line',
    patch: json('conf', 'b', 2),
    before: inConfigMap(`  conf: '{"a": 1}'\n`),
    after: inConfigMap('  conf: "{\\"a\\": 1, \\"b\\": 2}"\n'),
  },
  {
    name: 'a variable is replaced',
    patch: env('A', 'new'),
    before: inEnv('        - name: A\n          value: old # why\n'),
    after: inEnv('        - name: A\n          value: "new" # why\n'),
  },
  {
    name: 'a variable from somewhere else gets a value of its own',
    patch: env('A', 'new'),
    before: inEnv(
      '        - name: A\n          valueFrom:\n            fieldRef: { fieldPath: status.hostIP }\n        - name: B\n',
    ),
    after: inEnv('        - name: A\n          value: "new"\n        - name: B\n'),
  },
  {
    name: 'a variable without a value gets one',
    patch: env('B', 'new'),
    before: inEnv('        - name: A\n        - name: B\n'),
    after: inEnv('        - name: A\n        - name: B\n          value: "new"\n'),
  },
  {
    name: 'commented-out lines come to life',
    patch: env('B', 'new'),
    before: inEnv(
      '        - name: A\n          value: a\n        # about B\n        # - name: B\n        #   value: "old"\n        - name: C\n          value: c\n',
    ),
    after: inEnv(
      '        - name: A\n          value: a\n        # about B\n        - name: B\n          value: "new"\n        - name: C\n          value: c\n',
    ),
  },
  {
    name: 'a new variable comes last',
    patch: env('B', 'new'),
    before: inEnv('        - name: A\n          value: a # why\n'),
    after: inEnv('        - name: A\n          value: a # why\n        - name: B\n          value: "new"\n'),
  },
]

describe('a patch changes its place and nothing else', () => {
  for (const { name, patch, before, after } of cases) {
    test(name, () => {
      expect(patchManifest(before, [patch])).toEqual({ text: after, missing: [] })
      expect(patchManifest(after, [patch]), 'patched again').toEqual({ text: after, missing: [] })
      const amongOthers = (text: string): string =>
        `# head\n---\nkind: Other\nmetadata: { name: settings-agent }\n--- # x\n${text}---\n`
      expect(patchManifest(amongOthers(before), [patch]).text).toBe(amongOthers(after))
    })
  }
})

test('a text without a line break at its end gets one before what is added', () => {
  const text = 'kind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: "1"'
  expect(patchManifest(text, [data('b', '2')]).text).toBe(`${text}\n  b: "2"\n`)
})

test.each([
  ['another object', 'kind: ConfigMap\nmetadata: { name: settings-2 }\ndata: { a: "1" }\n', data('a', '2')],
  ['another kind', 'kind: Secret\nmetadata: { name: settings }\ndata:\n  a: "1"\n', data('a', '2')],
  ['data in braces', 'kind: ConfigMap\nmetadata: { name: settings }\ndata: { a: "1" }\n', data('a', '2')],
  ['no data', 'kind: ConfigMap\nmetadata: { name: settings }\n', data('a', '2')],
  ['no such key for JSON', inConfigMap('  a: "1"\n'), json('conf', 'b', 1)],
  ['JSON that is none', inConfigMap('  conf: "{"\n'), json('conf', 'b', 1)],
  ['another container', inEnv('        - name: A\n          value: a\n'), env('A', 'b', 'sidecar')],
  ['an environment in brackets', inEnv('          []\n'), env('A', 'b')],
  ['text that is no YAML', 'kind: ConfigMap\n  name: settings: [\n', data('a', '2')],
])('%s: the patch is missing, and the text stays', (_name, text, patch) => {
  expect(patchManifest(text, [patch])).toEqual({ text, missing: [patch] })
})

test('what is optional is not missed', () => {
  const text = inEnv('        - name: A\n          value: a\n')
  expect(patchManifest(text, [{ ...env('A', 'b', 'sidecar'), isOptional: true }])).toEqual({ text, missing: [] })
})

test('the place of a patch is told without its value', () => {
  expect([data('a', 's3cret'), json('conf', 'b', 1), env('A', 's3cret')].map(printPatchPlace)).toEqual([
    'ConfigMap settings, data',
    'ConfigMap settings, the JSON in data["conf"]',
    'DaemonSet agent, the environment of container agent',
  ])
})
