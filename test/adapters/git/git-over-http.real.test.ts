import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type GitSourceOptions, openGitSource } from '../../../src/adapters/git/git-source.ts'
import { createTestRepository, git } from '../../lab/git-client.ts'
import { selfSignedCertificate, startGitServer } from '../../lab/git-http-server.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

const never = new AbortController().signal
const reference = { kind: 'branch', name: 'main' } as const

async function lab(tls?: { readonly key: string; readonly cert: string }) {
  const root = await temporaryDirectory()
  const repository = await createTestRepository(root)
  const commit = await repository.push({ 'clusters/home/network.yaml': 'a: 1\n' })
  const server = await startGitServer({ root, ...(tls === undefined ? {} : { tls }) })
  onTestFinished(() => server.close())
  const open = (more: Partial<GitSourceOptions> = {}) => {
    const storeDirectory = join(root, 'store')
    const source = openGitSource({
      url: server.url('network.git'),
      reference,
      storeDirectory,
      log: recordingLog(),
      ...more,
    })
    onTestFinished(() => source.close())
    return source
  }
  const file = async (name: string, text: string) => {
    await writeFile(join(root, name), text)
    return join(root, name)
  }
  return { root, repository, commit, server, open, file }
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

describe('logging in', () => {
  test('without credentials a private repository is refused, and nobody is asked', async () => {
    const { server, open } = await lab()
    server.knobs.authorization = 'Bearer right'
    await expect(open().fetch(never)).rejects.toMatchObject({
      detail: { code: 'GIT_AUTH', where: server.url('network.git'), retry: 'soon' },
    })
  })

  test('a token is offered as Bearer, from its file, without the newline of the editor', async () => {
    const { server, commit, open, file } = await lab()
    server.knobs.authorization = 'Bearer t0ken'
    const source = open({ tokenFile: await file('token', 't0ken\n') })
    expect((await source.fetch(never)).commit).toBe(commit)
    expect(await source.reader(commit).readDirectory('', never)).toHaveLength(1)
  })

  test('a server that takes tokens as passwords only is logged into all the same', async () => {
    const { server, commit, open, file } = await lab()
    server.knobs.authorization = basic('x-access-token', 't0ken')
    const source = open({ tokenFile: await file('token', 't0ken') })
    expect((await source.fetch(never)).commit).toBe(commit)
    const files = [{ path: 'b.yaml', text: '' }]
    expect(await source.publishBranch({ branch: 'b', message: 'b', files }, never)).toBe(true)
  })

  test('user and password are read from their files', async () => {
    const { server, commit, open, file } = await lab()
    server.knobs.authorization = basic('ada', 'pässwörd')
    const source = open({
      usernameFile: await file('user', 'ada\n'),
      passwordFile: await file('password', 'pässwörd\n'),
    })
    expect((await source.fetch(never)).commit).toBe(commit)
  })

  test('a wrong token is told without being repeated, and a rotated one works at once', async () => {
    const { server, commit, open, file } = await lab()
    server.knobs.authorization = 'Bearer right'
    const tokenFile = await file('token', 'wr0ng')
    const source = open({ tokenFile })
    const failure: unknown = await source.fetch(never).catch((error: unknown) => error)
    expect(failure).toMatchObject({ detail: { code: 'GIT_AUTH' } })
    expect(JSON.stringify([failure, String(failure), Object(failure).cause])).not.toMatch(/wr0ng|Bearer|eC1hY2Nlc3/)
    await writeFile(tokenFile, 'right')
    expect((await source.fetch(never)).commit).toBe(commit)
  })

  test('403 is about credentials too', async () => {
    const { server, open } = await lab()
    server.knobs.authorization = 'Bearer right'
    server.knobs.refusalStatus = 403
    await expect(open().fetch(never)).rejects.toMatchObject({ detail: { code: 'GIT_AUTH' } })
  })

  test('a file that is missing or empty is named', async () => {
    const { root, open, file } = await lab()
    const tokenFile = join(root, 'none')
    const code = 'GIT_CREDENTIALS_UNREADABLE'
    await expect(open({ tokenFile }).fetch(never)).rejects.toMatchObject({ detail: { code, where: tokenFile } })
    const empty = await file('empty', '\n')
    await expect(open({ tokenFile: empty }).fetch(never)).rejects.toMatchObject({ detail: { code, where: empty } })
  })

  test('credentials are never sent on to another host', async () => {
    const { server, commit, open, file, root } = await lab()
    const other = await startGitServer({ root })
    onTestFinished(() => other.close())
    server.knobs.redirectTo = other.origin
    const source = open({ tokenFile: await file('token', 't0ken') })
    expect((await source.fetch(never)).commit).toBe(commit)
    expect(await source.reader(commit).readDirectory('', never)).toHaveLength(1)
    expect(server.requests.map(({ authorization }) => authorization)).toContain('Bearer t0ken')
    expect(other.requests.length).toBeGreaterThan(2)
    expect(other.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([])
  })

  test('a redirection that never ends does', async () => {
    const { server, open } = await lab()
    server.knobs.redirectTo = server.origin
    await expect(open().fetch(never)).rejects.toMatchObject({ detail: { code: 'GIT_SERVER_ERROR' } })
    expect(server.requests.length).toBeLessThan(10)
  })
})

describe('TLS', () => {
  test('an unknown certificate is refused, the named authority is trusted, and nothing goes from https to http', async () => {
    const tls = await selfSignedCertificate()
    const { server, commit, open, file, root } = await lab(tls)
    await expect(open().fetch(never)).rejects.toMatchObject({ detail: { code: 'GIT_TLS' } })
    const caFile = await file('ca.pem', tls.cert)
    const source = open({ caFile })
    expect((await source.fetch(never)).commit).toBe(commit)
    expect(await source.reader(commit).readDirectory('', never)).toHaveLength(1)
    const plain = await startGitServer({ root })
    onTestFinished(() => plain.close())
    server.knobs.redirectTo = plain.origin
    await expect(open({ caFile }).fetch(never)).rejects.toMatchObject({ detail: { code: 'GIT_SERVER_ERROR' } })
    expect(plain.requests).toEqual([])
  })

  test('a file of certificates without any is named', async () => {
    const { open, file } = await lab()
    const caFile = await file('ca.pem', 'nothing')
    const code = 'GIT_CREDENTIALS_UNREADABLE'
    await expect(open({ caFile }).fetch(never)).rejects.toMatchObject({ detail: { code, where: caFile } })
  })
})

describe('a server or a network that fails', () => {
  for (const { knob, code } of [
    { knob: 'truncatePack', code: 'GIT_PACK_DAMAGED' },
    { knob: 'breakConnection', code: 'GIT_PACK_DAMAGED' },
    { knob: 'flipBit', code: 'GIT_PACK_DAMAGED' },
  ] as const) {
    test(`${knob}: the first download fails with ${code}, and works once the fault is gone`, async () => {
      const { server, commit, open } = await lab()
      server.knobs[knob] = true
      const source = open()
      await expect(source.fetch(never)).rejects.toMatchObject({ detail: { code, retry: 'soon' } })
      server.knobs[knob] = false
      expect((await source.fetch(never)).commit).toBe(commit)
    })

    test(`${knob}: a later download fails with ${code}, and the commit before stays readable`, async () => {
      const { server, repository, commit, open } = await lab()
      const source = open()
      await source.fetch(never)
      const next = await repository.push({ 'clusters/home/network.yaml': `a: 2\n${'x'.repeat(5000)}` })
      server.knobs[knob] = true
      await expect(source.fetch(never)).rejects.toMatchObject({ detail: { code } })
      expect(await source.reader(commit).readDirectory('clusters', never)).toHaveLength(1)
      server.knobs[knob] = false
      expect((await source.fetch(never)).commit).toBe(next)
    })
  }

  test('one that says nothing is given up after the time-out, and asked again later', async () => {
    const { server, commit, open } = await lab()
    server.knobs.hang = true
    const source = open({ timeoutMs: 300 })
    const startedMs = performance.now()
    await expect(source.fetch(never)).rejects.toMatchObject({ detail: { code: 'GIT_TIMEOUT', retry: 'soon' } })
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    server.knobs.hang = false
    const patient = open({ timeoutMs: 20_000 })
    expect((await patient.fetch(never)).commit).toBe(commit)
  })

  test('one that falls silent during the download is given up too', async () => {
    const { server, repository, commit, open } = await lab()
    const source = open({ timeoutMs: 3_000 })
    await source.fetch(never)
    await repository.push({ 'clusters/home/network.yaml': 'a: 2\n' })
    server.knobs.hangOnPack = true
    await expect(source.fetch(never)).rejects.toMatchObject({ detail: { code: 'GIT_TIMEOUT' } })
    expect(await source.reader(commit).readDirectory('', never)).toHaveLength(1)
  })

  test('nobody listening is unreachable', async () => {
    const { open } = await lab()
    const port = await freePort()
    const source = open({ url: `http://127.0.0.1:${port}/network.git` })
    await expect(source.fetch(never)).rejects.toMatchObject({
      detail: { code: 'GIT_UNREACHABLE', where: `http://127.0.0.1:${port}/network.git` },
      message: /ECONNREFUSED/,
    })
  })

  for (const { status, code } of [
    { status: 404, code: 'GIT_NOT_FOUND' },
    { status: 500, code: 'GIT_SERVER_ERROR' },
    { status: 503, code: 'GIT_SERVER_ERROR' },
    { status: 200, code: 'GIT_NOT_FOUND' },
  ]) {
    test(`HTTP ${status}, not as Git says it, means ${code}`, async () => {
      const { server, open } = await lab()
      server.knobs.status = status
      await expect(open().fetch(never)).rejects.toMatchObject({ detail: { code } })
    })
  }

  test('a repository in the SHA-256 format is told as such', async () => {
    const { root, server, open } = await lab()
    await git(root, ['init', '--quiet', '--bare', '--object-format=sha256', 'modern.git'])
    const source = open({ url: server.url('modern.git') })
    await expect(source.fetch(never)).rejects.toMatchObject({ detail: { code: 'GIT_SHA256_UNSUPPORTED' } })
  })
})

test('asking whether there is anything new is one small request, and starts no process', async () => {
  const { server, open } = await lab()
  const source = open()
  await source.fetch(never)
  server.requests.length = 0
  await source.fetch(never)
  expect(server.requests.map(({ method, path }) => [method, path])).toEqual([['POST', '/network.git/git-upload-pack']])
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
