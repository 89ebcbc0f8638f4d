import { expect, test } from 'vitest'
import { importProblems, readSourceFiles } from '../../scripts/import-rules.ts'

const sourceRoot = new URL('../../src', import.meta.url).pathname

test('the tree as it is keeps the rules', () => {
  expect(importProblems(readSourceFiles(sourceRoot))).toEqual([])
})

const forbidden: readonly { name: string; path: string; text: string; says: string }[] = [
  {
    name: 'domain imports nothing',
    path: 'domain/a.ts',
    text: "import { b } from '../text/b.ts'",
    says: 'domain/ may not import text/b.ts',
  },
  {
    name: 'not even a package',
    path: 'domain/a.ts',
    text: "import { z } from 'some-package'",
    says: 'domain/ imports nothing',
  },
  {
    name: 'deciding code has no disk',
    path: 'plan/a.ts',
    text: "import { readFile } from 'node:fs/promises'",
    says: 'decides and may not import',
  },
  {
    name: 'render does not read lint',
    path: 'render/a.ts',
    text: "import { b } from '../lint/b.ts'",
    says: 'render/ may not import lint/b.ts',
  },
  {
    name: 'render reads the types of the schema only',
    path: 'render/a.ts',
    text: "import { b } from '../schema/documents.ts'",
    says: 'render/ may not import',
  },
  {
    name: 'reconcile knows no adapter',
    path: 'reconcile/a.ts',
    text: "import { b } from '../adapters/disk/b.ts'",
    says: 'reconcile/ may not import',
  },
  {
    name: 'adapters do not know each other',
    path: 'adapters/git/a.ts',
    text: "import { b } from '../disk/b.ts'",
    says: 'one adapter imports another',
  },
  {
    name: 'nobody imports cli',
    path: 'web/a.ts',
    text: "export { b } from '../cli/b.ts'",
    says: 'web/ may not import',
  },
  {
    name: 'lazy imports count',
    path: 'reconcile/a.ts',
    text: "const b = await import('../cli/b.ts')",
    says: 'reconcile/ may not import',
  },
  {
    name: 'imports over several lines count',
    path: 'plan/a.ts',
    text: "import {\n  b,\n} from '../render/b.ts'",
    says: 'plan/ may not import',
  },
  {
    name: 'yaml has one home',
    path: 'plan/a.ts',
    text: "import { parse } from 'yaml'",
    says: 'yaml may only be imported in text/',
  },
  {
    name: 'a new folder must be declared',
    path: 'helpers/a.ts',
    text: "import { b } from '../domain/b.ts'",
    says: 'not in the list of folders',
  },
]
for (const { name, path, text, says } of forbidden) {
  test(`refused: ${name}`, () => expect(importProblems([{ path, text }]).join('\n')).toContain(says))
}

test('allowed: the types of the documents, for those who decide', () => {
  const text = "import type { DesiredState } from '../schema/documents.ts'"
  expect(importProblems([{ path: 'render/a.ts', text }])).toEqual([])
})

test('refused: a cycle, type imports included', () => {
  const files = [
    { path: 'plan/a.ts', text: "import type { B } from './b.ts'" },
    { path: 'plan/b.ts', text: "import { c } from './c.ts'" },
    { path: 'plan/c.ts', text: "import { a } from './a.ts'" },
  ]
  expect(importProblems(files)).toEqual(['cycle: plan/a.ts -> plan/b.ts -> plan/c.ts -> plan/a.ts'])
})
