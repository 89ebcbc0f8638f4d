import { describe, expect, test } from 'vitest'
import type { ManifestTree, TreeEntry } from '../../../src/domain/manifest-tree.ts'
import { directoriesToFollow } from '../../../src/reconcile/deploy/directories-to-follow.ts'

const base = '/m'

function link(path: string, realPath: string, directories = 0): TreeEntry {
  const entries = Array.from({ length: directories }, (_none, at) => entry(`d${at}`, 'directory'))
  return { path, type: 'link', mtimeNs: 1n, target: { kind: 'directory', realPath, entries } }
}

function entry(path: string, type: TreeEntry['type']): TreeEntry {
  return { path, type, mtimeNs: 1n }
}

const tree = (...entries: readonly TreeEntry[]): ManifestTree => ({ kind: 'read', base, entries })

describe('directories that are watched besides', () => {
  test('are those that links lead to, each once', () => {
    expect(directoriesToFollow(tree(link('b', '/srv/b'), link('a', '/srv/a'), link('c', '/srv/a')))).toEqual([
      '/srv/a',
      '/srv/b',
    ])
  })

  test('are none of the manifests directory itself, and nothing behind a link to a file', () => {
    const file: TreeEntry = { ...entry('x.yaml', 'link'), target: { kind: 'file' } }
    expect(directoriesToFollow(tree(link('a', '/m/sub'), file, entry('sub', 'directory')))).toEqual([])
  })

  test('are none that hold too many others', () => {
    expect(directoriesToFollow(tree(link('a', '/srv/a', 199), link('b', '/srv/b', 200)))).toEqual(['/srv/a'])
  })

  test('are none where there is no manifests directory', () => {
    expect(directoriesToFollow({ kind: 'missing', base, message: 'lstat /m: no such file or directory' })).toEqual([])
  })
})
