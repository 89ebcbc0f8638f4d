import { expect, test } from 'vitest'
import { checkPublishedPath, checkTreePath } from '../../../src/adapters/git/tree-path.ts'

const refusal = expect.objectContaining({ detail: expect.objectContaining({ code: 'GIT_PATH_REFUSED' }) })

for (const path of ['', 'clusters', 'clusters/home/nodes', 'clusters/größe']) {
  test(`${JSON.stringify(path)} names a directory of a tree`, () => expect(() => checkTreePath(path)).not.toThrow())
}

for (const path of ['/etc', 'a/', 'a//b', '..', 'a/../b', './a', 'a\u0000b', 'a\nb', 'x'.repeat(5000)]) {
  test(`${JSON.stringify(path.slice(0, 20))} names no directory of a tree`, () =>
    expect(() => checkTreePath(path)).toThrow(refusal))
}

for (const path of [
  '',
  '../x',
  '/etc/passwd',
  '.git/config',
  'a/.GIT/x',
  '.git./x',
  'git~1/x',
  'a\\b',
  'C:x',
  'a/..',
]) {
  test(`${JSON.stringify(path)} is never published`, () => expect(() => checkPublishedPath(path)).toThrow(refusal))
}

test('an ordinary manifest may be published', () => {
  expect(() => checkPublishedPath('clusters/home/manifests/lan.yaml')).not.toThrow()
})
