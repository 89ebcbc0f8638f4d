import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createWorkerEngine } from '../../../src/adapters/git/worker-engine.ts'
import { createTestRepository } from '../../lab/git-client.ts'
import { startGitServer } from '../../lab/git-http-server.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

const never = new AbortController().signal

async function lab({ idleMs = 60_000, timeoutMs = 20_000, maxMemoryBytes = 1024 ** 3 } = {}) {
  const root = await temporaryDirectory()
  const repository = await createTestRepository(root)
  await repository.push({ 'a.yaml': '1' })
  const server = await startGitServer({ root })
  onTestFinished(() => server.close())
  const url = server.url('network.git')
  const reference = { kind: 'branch', name: 'main' } as const
  const settings = { url, shown: url, reference, storeDirectory: join(root, 'store'), timeoutMs }
  const engine = createWorkerEngine(settings, { idleMs, maxMemoryBytes }, () => undefined)
  onTestFinished(() => engine.close())
  return { repository, server, engine }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean, withinMs = 10_000): Promise<void> {
  const startedMs = performance.now()
  while (!condition()) {
    if (performance.now() - startedMs > withinMs) throw new Error('it did not come')
    await sleep(5)
  }
}

function pidOf(engine: { readonly worker: { pid(): number | undefined } }): number {
  const pid = engine.worker.pid()
  if (pid === undefined) throw new Error('no worker runs')
  return pid
}

test('a worker that is killed in the middle is a failure, and the next operation has a new one', async () => {
  const { repository, server, engine } = await lab()
  const first = await engine.fetch(never)
  const second = await repository.push({ 'a.yaml': '2' })
  server.knobs.hangOnPack = true
  server.requests.length = 0
  const fetching = engine.fetch(never)
  const failed = expect(fetching).rejects.toMatchObject({ detail: { code: 'GIT_WORKER_DIED', retry: 'soon' } })
  await until(() => server.requests.length === 2)
  const pid = pidOf(engine)
  process.kill(pid, 'SIGKILL')
  await failed
  server.knobs.hangOnPack = false
  expect(await engine.readDirectory(first.commit, '', never)).toHaveLength(1)
  expect((await engine.fetch(never)).commit).toBe(second)
  expect(pidOf(engine)).not.toBe(pid)
})

test('killed at random during many fetches, the store is always readable and comes to the head', async () => {
  const { repository, engine } = await lab()
  let last = await engine.fetch(never)
  for (let round = 0; round < 12; round += 1) {
    const head = await repository.push({ 'a.yaml': String(round), [`f${round}.yaml`]: 'x'.repeat(round * 1000) })
    const fetching = engine.fetch(never).catch(() => undefined)
    await sleep(15 + ((round * 7) % 60))
    const pid = engine.worker.pid()
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
    await fetching
    await until(() => engine.worker.pid() !== pid || pid === undefined)
    expect(await engine.readDirectory(last.commit, '', never)).not.toHaveLength(0)
    last = await engine.fetch(never)
    expect(last.commit).toBe(head)
  }
})

test('a worker is gone after it had nothing to do, and back when there is', async () => {
  const { repository, engine } = await lab({ idleMs: 50 })
  await engine.fetch(never)
  const pid = pidOf(engine)
  await until(() => !isAlive(pid))
  expect(engine.worker.pid()).toBeUndefined()
  const head = await repository.push({ 'a.yaml': '2' })
  expect((await engine.fetch(never)).commit).toBe(head)
  expect(pidOf(engine)).not.toBe(pid)
})

test('asking a server that has nothing new keeps no worker alive', async () => {
  const { engine } = await lab({ idleMs: 50 })
  await engine.fetch(never)
  const pid = pidOf(engine)
  await until(() => !isAlive(pid))
  await engine.fetch(never)
  expect(engine.worker.pid()).toBeUndefined()
})

test('closing ends the worker, and aborting ends it in the middle', async () => {
  const { repository, server, engine } = await lab()
  await engine.fetch(never)
  await repository.push({ 'a.yaml': '2' })
  server.knobs.hangOnPack = true
  server.requests.length = 0
  const stop = new AbortController()
  const reason = new Error('stopped')
  const failed = expect(engine.fetch(stop.signal)).rejects.toBe(reason)
  await until(() => server.requests.length === 2)
  const aborted = pidOf(engine)
  stop.abort(reason)
  await failed
  await until(() => !isAlive(aborted))
  server.knobs.hangOnPack = false
  await engine.fetch(never)
  const pid = pidOf(engine)
  await engine.close()
  expect(isAlive(pid)).toBe(false)
})

test('a small download that unpacks to a large file is stopped before it takes the memory of the machine', async () => {
  const { repository, engine } = await lab({ maxMemoryBytes: 200 * 1024 * 1024 })
  const before = await engine.fetch(never)
  await repository.git('config', 'core.compression', '1')
  await repository.push({ 'zeros.bin': Buffer.alloc(160 * 1024 * 1024) })
  await expect(engine.fetch(never)).rejects.toMatchObject({
    detail: { code: 'GIT_PACK_TOO_LARGE', retry: 'when-changed' },
  })
  expect(await engine.readDirectory(before.commit, '', never)).toHaveLength(1)
})
