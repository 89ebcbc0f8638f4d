import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { promisify } from 'node:util'
import type { RepositoryServer } from '../../../src/adapters/git-server/serve-repository.ts'

const run = promisify(execFile)

/** A real git client that reads nobody's configuration. */
export async function git(directory: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  }
  return run('git', args, { cwd: directory, env, maxBuffer: 64 * 1024 * 1024 })
}

/** The repository alone on a loopback port. */
export async function serve(repository: RepositoryServer): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    void repository.handle({ request, response, url: new URL(`http://listener${request.url ?? '/'}`) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}${repository.path.slice(0, -1)}`, server }
}
