import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../../domain/failure.ts'
import { startGit } from './git-process.ts'

/**
 * A bare repository with one commit on `main`, made beside its place and renamed into it, so that it is whole or absent.
 *
 * @param directory absolute; missing parents are created
 * @param files path in the repository → content
 * @returns false when there was a repository already; it is left as it is
 * @throws Failure GIT_MISSING, REPOSITORY_OCCUPIED when something else is there, REPOSITORY_NOT_CREATED
 */
export async function createRepository(directory: string, files: ReadonlyMap<string, string>): Promise<boolean> {
  if (await isThere(directory)) return false
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 })
  const sibling = await mkdtemp(join(dirname(directory), `.${basename(directory)}.`))
  try {
    await runGit(['init', '--quiet', '--bare', '--initial-branch=main', '--template=', sibling], sibling)
    await runGit(['--git-dir', sibling, 'fast-import', '--quiet', '--done'], sibling, seedStream(files, Date.now()))
    await rename(sibling, directory)
  } catch (cause) {
    await rm(sibling, { recursive: true, force: true })
    throw cause
  }
  return true
}

async function isThere(directory: string): Promise<boolean> {
  const entries = await entriesOf(directory)
  if (entries.includes('HEAD') && entries.includes('objects')) return true
  if (entries.length === 0) return false
  throw new Failure(`${directory} exists and is not a git repository`, {
    code: 'REPOSITORY_OCCUPIED',
    where: directory,
    fix: 'move it away, or choose another data directory',
    retry: 'when-changed',
  })
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    return ['something that is not a directory']
  }
}

/** One commit in the format of git-fast-import(1): contents go through stdin, and none of them is an argument. */
function seedStream(files: ReadonlyMap<string, string>, nowMs: number): Buffer {
  const message = 'Start with the template'
  const parts: Buffer[] = [
    Buffer.from(
      'feature done\ncommit refs/heads/main\n' +
        `committer Fairlead <fairlead@localhost> ${Math.floor(nowMs / 1000)} +0000\n` +
        `data ${Buffer.byteLength(message)}\n${message}\n`,
    ),
  ]
  for (const [path, text] of files) {
    const content = Buffer.from(text)
    parts.push(Buffer.from(`M 100644 inline ${quotedPath(path)}\ndata ${content.length}\n`), content, Buffer.from('\n'))
  }
  parts.push(Buffer.from('done\n'))
  return Buffer.concat(parts)
}

function quotedPath(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

async function runGit(args: readonly string[], directory: string, input?: Buffer): Promise<void> {
  const git = startGit(args, directory)
  git.child.stdout.resume()
  git.child.stdin.end(input)
  const { exit, stderr } = await git.ended
  if (exit === 0) return
  throw new Failure(`git could not create the repository: ${stderr.split('\n')[0] ?? ''}`, {
    code: 'REPOSITORY_NOT_CREATED',
    where: directory,
    fix: 'see that the directory is writable and the disk has space',
    retry: 'soon',
  })
}
