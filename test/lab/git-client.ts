import { execFile } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Environment of git in tests: nobody's configuration, one author, and a clock that stands still. */
export function hermeticGit(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada Lovelace',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada Lovelace',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
    GIT_AUTHOR_DATE: '2026-03-01T12:00:00Z',
    GIT_COMMITTER_DATE: '2026-03-01T12:00:00Z',
  }
}

/** Runs the real git, with `input` on its standard input; answers with its standard output, trimmed. */
export function git(directory: string, args: readonly string[], input = ''): Promise<string> {
  const env = hermeticGit(directory)
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [...args],
      { cwd: directory, env, maxBuffer: 64 * 1024 * 1024 },
      (cause, stdout, stderr) => {
        if (cause === null) resolve(stdout.trim())
        else reject(new Error(`git ${args.join(' ')}: ${stderr}`, { cause }))
      },
    )
    // Commands that read nothing may be gone before the end of their input is told.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

/** A bare repository `<root>/<name>` that takes pushes over HTTP, and a work tree beside it that pushes to it. */
export interface TestRepository {
  readonly bare: string
  readonly work: string
  /** Writes files (undefined removes one, `{ link }` makes a symlink), commits and pushes; answers with the commit. */
  push(files: Readonly<Record<string, TestContent>>, message?: string): Promise<string>
  /** Writes and commits without pushing. */
  commit(files: Readonly<Record<string, TestContent>>, message?: string): Promise<string>
  git(...args: string[]): Promise<string>
}

export type TestContent = string | Uint8Array | { readonly link: string } | undefined

export async function createTestRepository(root: string, name = 'network.git'): Promise<TestRepository> {
  const bare = join(root, name)
  const work = join(root, `${name}.work`)
  await mkdir(bare, { recursive: true })
  await mkdir(work, { recursive: true })
  await git(bare, ['init', '--quiet', '--bare', '--initial-branch=main'])
  await git(bare, ['config', 'http.receivepack', 'true'])
  await git(work, ['init', '--quiet', '--initial-branch=main'])
  await git(work, ['remote', 'add', 'origin', bare])
  const repository: TestRepository = {
    bare,
    work,
    git: (...args) => git(work, args),
    async commit(files, message = 'Change the network') {
      for (const [path, content] of Object.entries(files)) await place(join(work, path), content)
      await git(work, ['add', '--all'])
      await git(work, ['commit', '--quiet', '--allow-empty', '-m', message])
      return git(work, ['rev-parse', 'HEAD'])
    },
    async push(files, message) {
      const commit = await repository.commit(files, message)
      await git(work, ['push', '--quiet', '--force', 'origin', 'HEAD'])
      return commit
    },
  }
  return repository
}

async function place(path: string, content: TestContent): Promise<void> {
  await rm(path, { recursive: true, force: true })
  if (content === undefined) return
  await mkdir(dirname(path), { recursive: true })
  if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(path, content)
  else await symlink(content.link, path)
}
