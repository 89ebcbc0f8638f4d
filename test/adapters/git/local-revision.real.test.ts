import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLocalRevision } from '../../../src/adapters/git/local-revision.ts'
import { createTestRepository } from '../../lab/git-client.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

const never = new AbortController().signal

describe('a revision of a local work tree', () => {
  test('is read as it was committed, whatever lies in the work tree', async () => {
    const repository = await createTestRepository(await temporaryDirectory())
    const first = await repository.commit({ 'clusters/home/a.yaml': '1', link: { link: '/etc/passwd' } })
    await repository.commit({ 'clusters/home/a.yaml': '2' })
    const { revision, reader } = await openLocalRevision(repository.work, 'HEAD~1')
    expect(revision).toMatchObject({ name: `HEAD~1@sha1:${first}`, commit: first, author: 'Ada Lovelace' })
    const [file] = await reader.readDirectory('clusters', never)
    expect(file?.path).toBe('clusters/home/a.yaml')
    expect(Buffer.from(file?.bytes ?? []).toString('utf8')).toBe('1')
    expect((await reader.readDirectory('', never)).map(({ path, type }) => [path, type])).toEqual([
      ['clusters/home/a.yaml', 'file'],
      ['link', 'symlink'],
    ])
  })

  test('counts paths from the directory that was named, inside of a larger repository', async () => {
    const repository = await createTestRepository(await temporaryDirectory())
    await repository.commit({ 'infra/network/clusters/a.yaml': '1', 'infra/other.yaml': '2' })
    const { reader } = await openLocalRevision(join(repository.work, 'infra/network'), 'main')
    expect((await reader.readDirectory('', never)).map(({ path }) => path)).toEqual(['clusters/a.yaml'])
    expect((await reader.readDirectory('clusters', never)).map(({ path }) => path)).toEqual(['clusters/a.yaml'])
  })

  for (const { name, code } of [
    { name: 'gone', code: 'GIT_COMMIT_MISSING' },
    { name: '--all', code: 'GIT_REFERENCE_INVALID' },
    { name: '', code: 'GIT_REFERENCE_INVALID' },
    { name: 'a\u0000b', code: 'GIT_REFERENCE_INVALID' },
  ]) {
    test(`${JSON.stringify(name)} is refused with ${code}`, async () => {
      const repository = await createTestRepository(await temporaryDirectory())
      await repository.commit({ a: '1' })
      await expect(openLocalRevision(repository.work, name)).rejects.toMatchObject({ detail: { code } })
    })
  }

  test('a directory without a repository is told as such', async () => {
    const directory = await temporaryDirectory()
    await expect(openLocalRevision(directory, 'main')).rejects.toMatchObject({ detail: { code: 'GIT_NOT_FOUND' } })
  })

  test('nothing in the configuration of the repository makes git run anything', async () => {
    const root = await temporaryDirectory()
    const repository = await createTestRepository(root)
    const witness = join(root, 'witness')
    await repository.commit({ a: '1' })
    for (const key of ['core.fsmonitor', 'gpg.program', 'core.pager', 'core.sshCommand', 'diff.external']) {
      await repository.git('config', key, `touch ${witness}; false`)
    }
    await repository.git('config', 'log.showSignature', 'true')
    const { reader } = await openLocalRevision(repository.work, 'HEAD')
    expect(await reader.readDirectory('', never)).toHaveLength(1)
    expect(existsSync(witness)).toBe(false)
  })
})
