import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { type GitSourceOptions, openGitSource } from '../../../src/adapters/git/git-source.ts'
import type { RepositoryFile } from '../../../src/ports/repository-port.ts'
import { createTestRepository, git, type TestRepository } from '../../lab/git-client.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

/** How an engine reaches the repositories below a directory; it stops when the test ends. */
export type Reach = (root: string) => Promise<(repository: TestRepository) => string>

/** A repository, a work tree that pushes to it, and sources that follow it by one engine until the test ends. */
export async function sourceLab(reach: Reach) {
  const root = await temporaryDirectory()
  const repository = await createTestRepository(root)
  const urlOf = await reach(root)
  const log = recordingLog()
  const open = (more: Partial<GitSourceOptions> = {}) => {
    const reference = { kind: 'branch', name: 'main' } as const
    const storeDirectory = join(root, 'store')
    const source = openGitSource({ url: urlOf(repository), reference, storeDirectory, log, ...more })
    onTestFinished(() => source.close())
    return source
  }
  return { root, repository, open, log, store: join(root, 'store') }
}

export function textOf({ path, bytes }: RepositoryFile): string {
  return `${path}: ${bytes === undefined ? '(none)' : Buffer.from(bytes).toString('utf8')}`
}

export function coded(code: string) {
  return { detail: { code } }
}

export function makeTree(repository: TestRepository, listing: string): Promise<string> {
  return git(repository.work, ['mktree'], `${listing}\n`)
}

/** Flips a bit in the middle of every pack. */
export async function damage(store: string): Promise<void> {
  let damaged = 0
  for (const entry of await readdir(store, { recursive: true })) {
    if (!entry.endsWith('.pack')) continue
    const path = join(store, entry)
    const content = await readFile(path)
    const middle = Math.floor(content.length / 2)
    content[middle] = (content[middle] ?? 0) ^ 0xff
    await chmod(path, 0o600)
    await writeFile(path, content)
    damaged += 1
  }
  expect(damaged).toBeGreaterThan(0)
}
