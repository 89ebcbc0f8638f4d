import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRepository } from '../../../src/adapters/git-server/create-repository.ts'
import { git } from './git-fixture.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-create-'))
})
afterEach(() => rm(directory, { recursive: true }))

const files = new Map([
  ['README.md', '# Home\n'],
  ['clusters/home/network.yaml', 'kind: ClusterNetwork\n'],
  ['clusters/home/manifests/with "quotes" and ümlaut.yaml', 'a: "ß"\n'],
  ['empty', ''],
])

test('a new repository holds one commit on main with exactly the files', async () => {
  const bare = join(directory, 'deep', 'demo.git')
  expect(await createRepository(bare, files)).toBe(true)
  expect((await git(bare, 'rev-list', '--count', 'main')).stdout).toBe('1\n')
  expect((await git(bare, 'symbolic-ref', 'HEAD')).stdout).toBe('refs/heads/main\n')
  const names = (await git(bare, 'ls-tree', '-r', '-z', '--name-only', 'main')).stdout
    .split('\0')
    .filter((name) => name !== '')
  expect(names.sort()).toEqual([...files.keys()].sort())
  for (const [path, text] of files) expect((await git(bare, 'show', `main:${path}`)).stdout).toBe(text)
  await git(bare, 'fsck', '--strict')
  expect(await readdir(join(directory, 'deep'))).toEqual(['demo.git'])
})

test('one that is there is left as it is', async () => {
  const bare = join(directory, 'demo.git')
  await createRepository(bare, files)
  const { stdout } = await git(bare, 'rev-parse', 'main')
  expect(await createRepository(bare, new Map([['other', 'x']]))).toBe(false)
  expect((await git(bare, 'rev-parse', 'main')).stdout).toBe(stdout)
})

test('anything else in its place is named and kept', async () => {
  await writeFile(join(directory, 'file'), 'mine')
  await mkdir(join(directory, 'full'))
  await writeFile(join(directory, 'full', 'mine'), 'mine')
  for (const name of ['file', 'full']) {
    await expect(createRepository(join(directory, name), files)).rejects.toMatchObject({
      detail: { code: 'REPOSITORY_OCCUPIED', where: join(directory, name) },
    })
  }
  expect((await readdir(directory)).sort()).toEqual(['file', 'full'])
})

test('a machine without git is told to install it, and nothing half-made stays', async () => {
  const path = process.env['PATH']
  process.env['PATH'] = '/nonexistent'
  try {
    await expect(createRepository(join(directory, 'demo.git'), files)).rejects.toMatchObject({
      detail: { code: 'GIT_MISSING' },
    })
  } finally {
    process.env['PATH'] = path
  }
  expect(await readdir(directory)).toEqual([])
})
