import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRepository } from '../../../src/adapters/git-server/create-repository.ts'
import { serveRepository } from '../../../src/adapters/git-server/serve-repository.ts'
import { packetLine } from '../../../src/adapters/git-server/smart-http.ts'
import { startListener } from '../../../src/web/http-listener.ts'
import type { Route } from '../../../src/web/routes.ts'
import { call, realClock, recordingLog } from '../../web/test-ports.ts'
import { git, serve } from './git-fixture.ts'

let directory = ''
let bare = ''
let url = ''
let server: Server | undefined
let pushes = 0
const log = recordingLog()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-serve-'))
  bare = join(directory, 'repository')
  pushes = 0
  log.lines.length = 0
  await createRepository(bare, new Map([['network.yaml', 'kind: ClusterNetwork\n']]))
  const onPushed = (): void => {
    pushes += 1
  }
  const served = await serve(serveRepository({ directory: bare, name: 'demo', onPushed, maxPushBytes: 1_000_000, log }))
  url = served.url
  server = served.server
})
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
  await rm(directory, { recursive: true })
})

async function clone(name: string, ...options: string[]): Promise<string> {
  await git(directory, 'clone', '--quiet', ...options, url, name)
  return join(directory, name)
}

async function commit(work: string, file: string, content: string | Buffer): Promise<void> {
  await writeFile(join(work, file), content)
  await git(work, 'add', '.')
  await git(work, 'commit', '--quiet', '-m', `change ${file}`)
}

describe('a git client', () => {
  test.each(['0', '1', '2'])('clones, pushes and fetches with protocol version %s', async (version) => {
    const [one, two] = [
      await clone('one', '-c', `protocol.version=${version}`),
      await clone('two', '-c', `protocol.version=${version}`),
    ]
    await commit(one, 'lan.yaml', 'a: 1\n')
    await git(one, 'push', '--quiet', 'origin', 'main')
    await expect.poll(() => pushes).toBe(1)
    await git(two, 'pull', '--quiet')
    expect(await readdir(two)).toContain('lan.yaml')
    expect(log.lines).toEqual([])
  })

  test('clones shallow, makes and deletes branches, and pushes with force', async () => {
    const work = await clone('shallow', '--depth', '1')
    await commit(work, 'lan.yaml', 'a: 1\n')
    await git(work, 'push', '--quiet', 'origin', 'main', 'main:refs/heads/side')
    await git(work, 'commit', '--quiet', '--amend', '-m', 'rewritten')
    await expect(git(work, 'push', '--quiet', 'origin', 'main')).rejects.toThrow('rejected')
    await git(work, 'push', '--quiet', '--force', 'origin', 'main')
    await git(work, 'push', '--quiet', 'origin', '--delete', 'side')
    expect((await git(bare, 'for-each-ref', '--format=%(refname)')).stdout).toBe('refs/heads/main\n')
    expect((await git(bare, 'log', '-1', '--format=%s', 'main')).stdout).toBe('rewritten\n')
  })

  test('pushes that race each lose nothing: one wins the branch, the others are told', async () => {
    const works = await Promise.all(['a', 'b', 'c', 'd'].map((name) => clone(name)))
    await Promise.all(works.map((work, n) => commit(work, `file-${n}`, `${n}\n`)))
    const results = await Promise.allSettled(works.map((work) => git(work, 'push', '--quiet', 'origin', 'main')))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    await Promise.all(works.map((work, n) => git(work, 'push', '--quiet', 'origin', `main:refs/heads/side-${n}`)))
    await git(bare, 'fsck', '--strict')
    expect((await git(bare, 'for-each-ref', '--format=%(refname)')).stdout.trim().split('\n')).toHaveLength(5)
  })

  test('is refused above the limit with a reason, and the repository stays as it was', async () => {
    const work = await clone('large')
    const { stdout: before } = await git(bare, 'rev-parse', 'main')
    await commit(work, 'noise', randomBytes(1_500_000))
    const refusal = await git(work, 'push', 'origin', 'main').catch((error: { stderr: string }) => error)
    expect(refusal.stderr).toMatch(/exceeds maximum allowed size|too large/)
    expect((await git(bare, 'rev-parse', 'main')).stdout).toBe(before)
  })

  test('is refused objects that are not well formed', async () => {
    const work = await clone('crooked')
    const { stdout: blob } = await git(work, 'rev-parse', 'HEAD:network.yaml')
    await writeFile(
      join(work, '..', 'tree'),
      Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob.trim(), 'hex')]),
    )
    const { stdout: tree } = await git(work, 'hash-object', '--literally', '-t', 'tree', '-w', '../tree')
    const { stdout: made } = await git(work, 'commit-tree', tree.trim(), '-m', 'crooked')
    await expect(git(work, 'push', 'origin', `${made.trim()}:refs/heads/crooked`)).rejects.toThrow(/fsck|hasDotgit/)
  })

  test('runs no hook that somebody put into the repository', async () => {
    const witness = join(directory, 'hook-ran')
    await git(bare, 'config', 'core.hooksPath', join(bare, 'hooks'))
    await writeHook(join(bare, 'hooks'), witness)
    const work = await clone('hooked')
    await commit(work, 'lan.yaml', 'a: 1\n')
    await git(work, 'push', '--quiet', 'origin', 'main')
    expect(await readdir(directory)).not.toContain('hook-ran')
  })
})

test('beyond loopback the token is the password that git asks for', async () => {
  const tokenFile = join(directory, 'token')
  await writeFile(tokenFile, 'a-token-of-32-characters-exactly')
  const repository = serveRepository({ directory: bare, name: 'demo', onPushed: () => undefined, log })
  const { path, handle } = repository
  const routes: Route[] = [
    { method: 'GET', path, access: 'token', handle },
    { method: 'POST', path, access: 'token', handle },
  ]
  const listener = await startListener(
    { host: '0.0.0.0', port: 0, allowInsecure: true, tokenFile, routes },
    realClock,
    log,
  )
  const target = `127.0.0.1:${listener.port}/demo.git`
  await expect(git(directory, 'clone', '--quiet', `http://${target}`, 'without')).rejects.toThrow(
    /terminal prompts disabled|Authentication/,
  )
  await git(directory, 'clone', '--quiet', `http://git:a-token-of-32-characters-exactly@${target}`, 'with')
  await commit(join(directory, 'with'), 'lan.yaml', 'a: 1\n')
  await git(join(directory, 'with'), 'push', '--quiet', 'origin', 'main')
  expect((await git(bare, 'log', '-1', '--format=%s', 'main')).stdout).toBe('change lan.yaml\n')
  await listener.close()
})

describe('hostile requests', () => {
  test('other repositories and paths that climb are not there', async () => {
    for (const path of [
      '/other.git/info/refs?service=git-upload-pack',
      '/demo.git/../../etc/passwd',
      '/demo.git/config',
    ]) {
      const answer = await call(`${new URL(url).origin}${path}`)
      expect(answer.status, path).toBe(404)
    }
  })

  test('a form of a web page cannot push', async () => {
    const headers = { 'content-type': 'text/plain' }
    expect((await call(`${url}/git-receive-pack`, { method: 'POST', headers, body: '0000' })).status).toBe(415)
    expect(pushes).toBe(0)
  })

  test('a gzip bomb is cut off, and a body that is not gzip is told so', async () => {
    const headers = {
      'content-type': 'application/x-git-upload-pack-request',
      'content-encoding': 'gzip',
      'git-protocol': 'version=2',
    }
    const have = packetLine(`have ${'0'.repeat(40)}\n`)
    const bomb = gzipSync(Buffer.from(`${packetLine('command=fetch')}0001${have.repeat(1_000_000)}`))
    const before = process.memoryUsage().rss
    expect((await call(`${url}/git-upload-pack`, { method: 'POST', headers, body: bomb })).status).toBe(413)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    expect((await call(`${url}/git-upload-pack`, { method: 'POST', headers, body: 'not gzip' })).status).toBe(400)
  })

  test('git ends when the client goes away half way', async () => {
    const headers = { 'content-type': 'application/x-git-receive-pack-request', 'content-length': '1000' }
    const request = httpRequest(`${url}/git-receive-pack`, { method: 'POST', headers, agent: false })
    request.on('error', () => undefined)
    request.write('00a0')
    await expect.poll(() => servicesRunning()).toBe(1)
    request.destroy()
    await expect.poll(() => servicesRunning()).toBe(0)
    expect(pushes).toBe(0)
  })

  test('more requests than there are places wait or are turned away, and then all is free again', async () => {
    const query = '/info/refs?service=git-upload-pack'
    const answers = await Promise.all(Array.from({ length: 120 }, () => call(`${url}${query}`)))
    const statuses = new Set(answers.map((answer) => answer.status))
    expect([...statuses].every((status) => status === 200 || status === 503)).toBe(true)
    expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(72)
    expect((await call(`${url}${query}`)).status).toBe(200)
  })
})

test('a machine without git answers plainly', async () => {
  const path = process.env['PATH']
  process.env['PATH'] = '/nonexistent'
  try {
    const answer = await call(`${url}/info/refs?service=git-upload-pack`)
    expect(answer.status).toBe(500)
    expect(answer.text).toContain('git could not be started')
    const headers = { 'content-type': 'application/x-git-upload-pack-request' }
    expect((await call(`${url}/git-upload-pack`, { method: 'POST', headers, body: '0000' })).status).toBe(500)
  } finally {
    process.env['PATH'] = path
  }
  expect(log.lines.map((line) => line.fields['code'])).toEqual(['GIT_MISSING', 'GIT_MISSING'])
})

/** Children of this process that serve our repository. */
async function servicesRunning(): Promise<number> {
  const commands = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  return commands.filter((command) => command.includes('receive-pack') && command.includes(bare)).length
}

async function writeHook(hooks: string, witness: string): Promise<void> {
  await mkdir(hooks)
  for (const name of ['pre-receive', 'post-receive', 'update']) {
    await writeFile(join(hooks, name), `#!/bin/sh\ntouch '${witness}'\n`, { mode: 0o755 })
  }
}
