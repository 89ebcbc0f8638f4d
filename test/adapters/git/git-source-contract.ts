import { chmod, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { git } from '../../lab/git-client.ts'
import { coded, damage, makeTree, type Reach, sourceLab, textOf } from './git-source-lab.ts'

const never = new AbortController().signal

/** What every engine must do, with a real server at the other end. */
export function gitSourceContract(name: string, reach: Reach): void {
  const lab = () => sourceLab(reach)

  describe(`git source, ${name}`, () => {
    test('reads the files of the head, sorted, without a checkout', async () => {
      const { repository, open, store } = await lab()
      const commit = await repository.push({ 'b.yaml': 'b: 1\n', 'clusters/home/network.yaml': 'a: 1\n', 'a.yaml': '' })
      const source = open()
      const revision = await source.fetch(never)
      expect(revision).toEqual({
        name: `main@sha1:${commit}`,
        commit,
        author: 'Ada Lovelace',
        subject: 'Change the network',
        committedAt: '2026-03-01T12:00:00.000Z',
      })
      const files = await source.reader(commit).readDirectory('', never)
      expect(files.map(textOf)).toEqual(['a.yaml: ', 'b.yaml: b: 1\n', 'clusters/home/network.yaml: a: 1\n'])
      expect((await stat(store)).mode & 0o777).toBe(0o700)
    })

    test('reads one directory, and answers with nothing where there is none', async () => {
      const { repository, open } = await lab()
      await repository.push({ 'clusters/home/a.yaml': 'a', 'clusters/home2/b.yaml': 'b', 'clusters/c.yaml': 'c' })
      const source = open()
      const reader = source.reader((await source.fetch(never)).commit)
      expect((await reader.readDirectory('clusters/home', never)).map(textOf)).toEqual(['clusters/home/a.yaml: a'])
      expect(await reader.readDirectory('clusters/none', never)).toEqual([])
      expect(await reader.readDirectory('clusters/c.yaml', never)).toEqual([])
      await expect(reader.readDirectory('../..', never)).rejects.toMatchObject(coded('GIT_PATH_REFUSED'))
    })

    test('follows a branch push by push, and still reads the commits before', async () => {
      const { repository, open, log } = await lab()
      const source = open()
      const commits: string[] = []
      for (const value of ['1', '2', '3']) {
        commits.push(await repository.push({ 'clusters/home/network.yaml': value }))
        expect((await source.fetch(never)).commit).toBe(commits.at(-1))
      }
      for (const [index, commit] of commits.entries()) {
        const [file] = await source.reader(commit).readDirectory('clusters', never)
        expect(file && textOf(file)).toBe(`clusters/home/network.yaml: ${index + 1}`)
      }
      expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([])
    })

    test('keeps what it has over a restart', async () => {
      const { repository, open } = await lab()
      const commit = await repository.push({ 'a.yaml': '1' })
      const before = open()
      await before.fetch(never)
      await before.close()
      await rename(repository.bare, `${repository.bare}.away`)
      const after = open()
      expect((await after.reader(commit).readDirectory('', never)).map(textOf)).toEqual(['a.yaml: 1'])
      await rename(`${repository.bare}.away`, repository.bare)
      expect((await after.fetch(never)).commit).toBe(commit)
    })

    test('a repository that is gone is a failure, and the commits before stay readable', async () => {
      const { repository, open } = await lab()
      const commit = await repository.push({ 'a.yaml': '1' })
      const source = open()
      await source.fetch(never)
      await rename(repository.bare, `${repository.bare}.away`)
      await expect(source.fetch(never)).rejects.toMatchObject(coded('GIT_NOT_FOUND'))
      expect((await source.reader(commit).readDirectory('', never)).map(textOf)).toEqual(['a.yaml: 1'])
    })

    test('a rewritten history is followed and told once', async () => {
      const { repository, open, log } = await lab()
      await repository.push({ 'a.yaml': '1' })
      const second = await repository.push({ 'a.yaml': '2' })
      const source = open()
      await source.fetch(never)
      await repository.git('reset', '--hard', '--quiet', 'HEAD~1')
      const third = await repository.push({ 'a.yaml': '3' })
      expect((await source.fetch(never)).commit).toBe(third)
      expect((await source.fetch(never)).commit).toBe(third)
      expect((await source.reader(third).readDirectory('', never)).map(textOf)).toEqual(['a.yaml: 3'])
      expect((await source.reader(second).readDirectory('', never)).map(textOf)).toEqual(['a.yaml: 2'])
      expect(log.lines.filter(({ message }) => message === 'history was rewritten')).toHaveLength(1)
    })

    test('a branch that is moved back is a rewritten history too', async () => {
      const { repository, open, log } = await lab()
      const first = await repository.push({ 'a.yaml': '1' })
      const source = open()
      await source.fetch(never)
      await repository.push({ 'a.yaml': '2' })
      await source.fetch(never)
      await repository.git('push', '--quiet', '--force', 'origin', `${first}:refs/heads/main`)
      expect((await source.fetch(never)).commit).toBe(first)
      expect(log.lines.filter(({ message }) => message === 'history was rewritten')).toHaveLength(1)
    })

    test('a deleted branch, a missing one and an empty repository are told apart', async () => {
      const { repository, open } = await lab()
      const source = open()
      await expect(source.fetch(never)).rejects.toMatchObject(coded('GIT_EMPTY_REPOSITORY'))
      await repository.push({ 'a.yaml': '1' })
      await source.fetch(never)
      await repository.git('push', '--quiet', 'origin', 'main:other')
      await git(repository.bare, ['update-ref', '-d', 'refs/heads/main'])
      await expect(source.fetch(never)).rejects.toMatchObject(coded('GIT_BRANCH_MISSING'))
    })

    test('a branch is followed although HEAD of the server names none', async () => {
      const { root, repository, open } = await lab()
      await repository.push({ 'a.yaml': '1' })
      await repository.git('push', '--quiet', 'origin', 'main:release')
      await git(repository.bare, ['update-ref', '-d', 'refs/heads/main'])
      const source = open({ reference: { kind: 'branch', name: 'release' }, storeDirectory: join(root, 'other') })
      const { commit } = await source.fetch(never)
      expect((await source.reader(commit).readDirectory('', never)).map(textOf)).toEqual(['a.yaml: 1'])
    })

    for (const kind of ['annotated', 'lightweight'] as const) {
      test(`a tag, ${kind}, is its commit`, async () => {
        const { repository, open } = await lab()
        const commit = await repository.push({ 'a.yaml': '1' })
        await repository.git('tag', ...(kind === 'annotated' ? ['-a', '-m', 'first', 'v1'] : ['v1']))
        await repository.git('push', '--quiet', 'origin', 'v1')
        await repository.push({ 'a.yaml': '2' })
        const source = open({ reference: { kind: 'tag', name: 'v1' } })
        expect(await source.fetch(never)).toMatchObject({ commit, name: `v1@sha1:${commit}` })
        expect((await source.fetch(never)).commit).toBe(commit)
        expect((await source.reader(commit).readDirectory('', never)).map(textOf)).toEqual(['a.yaml: 1'])
      })
    }

    test('a commit is followed by not moving, also when it is not the head', async () => {
      const { repository, open } = await lab()
      const commit = await repository.push({ 'a.yaml': '1' })
      await repository.push({ 'a.yaml': '2' })
      const source = open({ reference: { kind: 'commit', name: commit } })
      expect(await source.fetch(never)).toMatchObject({ commit })
      await rename(repository.bare, `${repository.bare}.away`)
      expect((await source.fetch(never)).commit).toBe(commit)
      expect((await source.reader(commit).readDirectory('', never)).map(textOf)).toEqual(['a.yaml: 1'])
    })

    test('a commit that the server does not have is a failure of its own', async () => {
      const { repository, open } = await lab()
      const { commit } = { commit: await repository.push({ 'a.yaml': '1' }) }
      const unknown = '1234567890'.repeat(4)
      const source = open({ reference: { kind: 'commit', name: unknown } })
      await expect(source.fetch(never)).rejects.toMatchObject(coded('GIT_COMMIT_MISSING'))
      const other = open()
      await other.fetch(never)
      const reading = other.reader(unknown).readDirectory('', never)
      await expect(reading).rejects.toMatchObject(coded('GIT_COMMIT_MISSING'))
      expect(await other.reader(commit).readDirectory('', never)).toHaveLength(1)
    })

    test('symlinks and submodules are told as such, and large files without their content', async () => {
      const { repository, open } = await lab()
      const large = Buffer.alloc(50 * 1024 * 1024, 'fairlead ')
      await repository.commit({
        'd/link': { link: '/etc/passwd' },
        'd/large.bin': large,
        'd/limit.bin': large.subarray(0, 1024 * 1024),
      })
      const submodule = `160000,${'1'.repeat(40)},d/module`
      await repository.git('update-index', '--add', '--cacheinfo', submodule)
      await repository.git('commit', '--quiet', '-m', 'submodule')
      await repository.git('push', '--quiet', 'origin', 'HEAD')
      const source = open()
      const files = await source.reader((await source.fetch(never)).commit).readDirectory('d', never)
      expect(files.map(({ path, type, sizeBytes, bytes }) => [path, type, sizeBytes, bytes?.length])).toEqual([
        ['d/large.bin', 'file', 50 * 1024 * 1024, undefined],
        ['d/limit.bin', 'file', 1024 * 1024, 1024 * 1024],
        ['d/link', 'symlink', 11, undefined],
        ['d/module', 'submodule', 0, undefined],
      ])
    })

    test('more than 10,000 files are refused, and so is a tree of trees without end', async () => {
      const { repository, open } = await lab()
      await repository.commit({ 'ok/a.yaml': '1' })
      const blob = await repository.git('rev-parse', 'HEAD:ok/a.yaml')
      const many = Array.from({ length: 10_001 }, (_, index) => `100644 blob ${blob}\tf${index}`).join('\n')
      let bomb = await makeTree(
        repository,
        Array.from({ length: 10 }, (_, index) => `100644 blob ${blob}\tf${index}`).join('\n'),
      )
      for (let depth = 0; depth < 9; depth += 1) {
        bomb = await makeTree(
          repository,
          Array.from({ length: 10 }, (_, index) => `040000 tree ${bomb}\td${index}`).join('\n'),
        )
      }
      const ok = await repository.git('rev-parse', 'HEAD:ok')
      const root = await makeTree(
        repository,
        `040000 tree ${bomb}\tbomb\n040000 tree ${await makeTree(repository, many)}\tmany\n040000 tree ${ok}\tok`,
      )
      const commit = await repository.git('commit-tree', root, '-m', 'bomb')
      await repository.git('push', '--quiet', 'origin', `${commit}:refs/heads/main`)
      const source = open()
      const reader = source.reader((await source.fetch(never)).commit)
      await expect(reader.readDirectory('many', never)).rejects.toMatchObject(coded('TREE_TOO_LARGE'))
      await expect(reader.readDirectory('bomb', never)).rejects.toMatchObject(coded('TREE_TOO_LARGE'))
      expect(await reader.readDirectory('ok', never)).toHaveLength(1)
    })

    test('a file that is kept in LFS is refused by name', async () => {
      const { repository, open } = await lab()
      const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12\n`
      await repository.push({ 'd/chart.tgz': pointer })
      const source = open()
      const reading = source.reader((await source.fetch(never)).commit).readDirectory('d', never)
      await expect(reading).rejects.toMatchObject({ detail: { code: 'GIT_LFS_POINTER', where: 'd/chart.tgz' } })
    })

    test('names of files are taken as they are, and a commit cannot write to the terminal', async () => {
      const { repository, open } = await lab()
      await repository.push({ 'd/größe mit leer.yaml': '1', 'd/*': '2' }, '\u001b[31mred\u0007 alert\n\nmore')
      const source = open()
      const revision = await source.fetch(never)
      expect(revision.subject).toBe('[31mred alert')
      const files = await source.reader(revision.commit).readDirectory('d', never)
      expect(files.map(({ path }) => path)).toEqual(['d/*', 'd/größe mit leer.yaml'])
    })

    test('a damaged store is made anew, and says so', async () => {
      const { repository, open, log, store } = await lab()
      await repository.push({ 'a.yaml': '1', 'b.yaml': 'x'.repeat(2000) })
      const first = open()
      await first.fetch(never)
      await first.close()
      await damage(store)
      const head = await repository.push({ 'a.yaml': '2' })
      const source = open()
      const { commit } = await source.fetch(never)
      const files = await source.reader(commit).readDirectory('', never)
      expect(files.map(textOf)).toEqual(['a.yaml: 2', `b.yaml: ${'x'.repeat(2000)}`])
      expect(commit).toBe(head)
      expect(log.lines.map(({ message }) => message)).toContain(
        'local copy of the repository was damaged and made anew',
      )
      expect((await source.fetch(never)).commit).toBe(commit)
    })

    test('damage that shows when reading is healed, and without a server it is told', async () => {
      const { repository, open, store } = await lab()
      const commit = await repository.push({ 'a.yaml': 'x'.repeat(2000) })
      const first = open()
      await first.fetch(never)
      await first.close()
      await damage(store)
      await rename(repository.bare, `${repository.bare}.away`)
      const second = open()
      await expect(second.reader(commit).readDirectory('', never)).rejects.toMatchObject(coded('GIT_STORE_DAMAGED'))
      await rename(`${repository.bare}.away`, repository.bare)
      expect(await second.reader(commit).readDirectory('', never)).toHaveLength(1)
      expect((await second.fetch(never)).commit).toBe(commit)
    })

    test('after a hundred packs the store is made anew', async () => {
      const { repository, open, store } = await lab()
      await repository.push({ 'a.yaml': '0' })
      const source = open()
      await source.fetch(never)
      const [generation = ''] = (await readdir(store)).filter((entry) => /-1$/.test(entry))
      const packs = join(store, generation, 'objects', 'pack')
      for (let index = 0; index < 100; index += 1) await writeFile(join(packs, `pack-${index}.pack`), '')
      const head = await repository.push({ 'a.yaml': '1' })
      expect((await source.fetch(never)).commit).toBe(head)
      expect((await readdir(store)).filter((entry) => /-\d+$/.test(entry))).toEqual([generation.replace(/1$/, '2')])
    })

    test('publishes a branch with one commit on top of the head', async () => {
      const { repository, open } = await lab()
      const head = await repository.push({ 'clusters/home/network.yaml': 'a: 1\n', 'README.md': 'old' })
      const source = open()
      await source.fetch(never)
      const branch = 'fairlead/adopt-lan-12345678'
      const files = [
        { path: 'clusters/home/manifests/lan.yaml', text: 'größe: 1\n' },
        { path: 'README.md', text: 'new' },
      ]
      expect(await source.publishBranch({ branch, message: 'Adopt lan.yaml\n\nBody.', files }, never)).toBe(true)
      await repository.git('fetch', '--quiet', 'origin')
      const tip = `origin/${branch}`
      expect(await repository.git('log', '-1', '--format=%an <%ae>|%cn <%ce>|%P|%B', tip)).toBe(
        `Fairlead <fairlead@localhost>|Fairlead <fairlead@localhost>|${head}|Adopt lan.yaml\n\nBody.`,
      )
      expect(await repository.git('diff', '--name-status', 'origin/main', tip)).toBe(
        'M\tREADME.md\nA\tclusters/home/manifests/lan.yaml',
      )
      expect(await repository.git('show', `${tip}:clusters/home/manifests/lan.yaml`)).toBe('größe: 1')
      await git(repository.bare, ['fsck', '--strict'])
      expect((await source.fetch(never)).commit).toBe(head)
    })

    test('a branch that is there already is left alone', async () => {
      const { repository, open } = await lab()
      await repository.push({ 'a.yaml': '1' })
      await repository.git('push', '--quiet', 'origin', 'main:fairlead/adopt-x')
      const before = await repository.git('ls-remote', 'origin')
      const source = open()
      await source.fetch(never)
      const files = [{ path: 'b.yaml', text: '2' }]
      expect(await source.publishBranch({ branch: 'fairlead/adopt-x', message: 'x', files }, never)).toBe(false)
      expect(await repository.git('ls-remote', 'origin')).toBe(before)
    })

    test('no path leaves the repository or goes through a file, and no branch name is an option', async () => {
      const { repository, open } = await lab()
      await repository.push({ 'a.yaml': '1', link: { link: '/etc' } })
      const before = await repository.git('ls-remote', 'origin')
      const source = open()
      await source.fetch(never)
      for (const path of ['../x', '/etc/passwd', '.git/hooks/post-update', 'a.yaml/x', 'link/passwd']) {
        const publishing = source.publishBranch({ branch: 'b', message: 'x', files: [{ path, text: 'x' }] }, never)
        await expect(publishing).rejects.toMatchObject(coded('GIT_PATH_REFUSED'))
      }
      for (const branch of ['--delete', 'a..b', '__proto__/x']) {
        const publishing = source.publishBranch({ branch, message: 'x', files: [] }, never)
        await expect(publishing).rejects.toMatchObject(coded('GIT_REFERENCE_INVALID'))
      }
      expect(await repository.git('ls-remote', 'origin')).toBe(before)
    })

    test('a push that the server refuses says what its hook said', async () => {
      const { repository, open } = await lab()
      await repository.push({ 'a.yaml': '1' })
      const hook = join(repository.bare, 'hooks', 'update')
      await writeFile(hook, '#!/bin/sh\nexit 1\n')
      await chmod(hook, 0o755)
      const source = open()
      await source.fetch(never)
      const publishing = source.publishBranch({ branch: 'b', message: 'x', files: [{ path: 'b', text: '' }] }, never)
      await expect(publishing).rejects.toMatchObject({ detail: { code: 'GIT_PUSH_REFUSED' }, message: /hook declined/ })
    })

    test('an aborted operation ends at once with the reason, and the next one works', async () => {
      const { repository, open } = await lab()
      const commit = await repository.push({ 'a.yaml': '1' })
      const source = open()
      const reason = new Error('stopped')
      await expect(source.fetch(AbortSignal.abort(reason))).rejects.toBe(reason)
      expect((await source.fetch(never)).commit).toBe(commit)
    })

    test('operations that come together are done one after the other', async () => {
      const { repository, open } = await lab()
      const commit = await repository.push({ 'a.yaml': '1' })
      const source = open()
      const revisions = await Promise.all([source.fetch(never), source.fetch(never), source.fetch(never)])
      expect(revisions.map((revision) => revision.commit)).toEqual([commit, commit, commit])
    })
  })
}
