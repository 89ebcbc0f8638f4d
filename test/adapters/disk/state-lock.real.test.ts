import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openNodeState } from '../../../src/adapters/disk/node-state.ts'
import { Failure } from '../../../src/domain/failure.ts'
import { failureCode } from './failing-with.ts'
import { recordingLog } from './recording-log.ts'

let parent: string
let stateDirectory: string
let children: ChildProcess[]

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'state-lock-'))
  stateDirectory = join(parent, 'state')
  children = []
})
afterEach(async () => {
  for (const child of children) await killed(child)
  rmSync(parent, { recursive: true, force: true })
})

const openState = () => openNodeState({ stateDirectory, log: recordingLog() })

/** Takes the lock when told to by a line of input, and says how that went. */
const contender = `
  import { createInterface } from 'node:readline'
  import { openNodeState } from ${JSON.stringify(new URL('../../../src/adapters/disk/node-state.ts', import.meta.url).href)}
  const silent = () => {}
  const state = openNodeState({ stateDirectory: process.argv[1], log: { debug: silent, info: silent, warn: silent, error: silent } })
  console.log('up')
  for await (const line of createInterface({ input: process.stdin })) {
    await state.acquireLock().then(() => console.log('held'), (failure) => console.log(failure.detail.code))
  }`

interface Contender {
  readonly child: ChildProcess
  take(): void
  answer(): Promise<string>
}

async function startContender(): Promise<Contender> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', contender, stateDirectory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  if (child.stdout === null) throw new Error('no standard output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => String((await lines.next()).value)
  expect(await answer()).toBe('up')
  return { child, take: () => child.stdin?.write('take\n'), answer }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

test('a second one is refused by the pid of the first, until that gives the lock back', async () => {
  const release = await openState().acquireLock()
  await expect(openState().acquireLock()).rejects.toThrow(String(process.pid))
  await expect(openState().acquireLock()).rejects.toBeInstanceOf(Failure)
  expect(await failureCode(() => openState().acquireLock())).toBe('ALREADY_RUNNING')
  await release()
  const again = await openState().acquireLock()
  await again()
})

test('the lock of a process that was killed is taken over', async () => {
  const first = await startContender()
  first.take()
  expect(await first.answer()).toBe('held')
  expect(await failureCode(() => openState().acquireLock())).toBe('ALREADY_RUNNING')
  await killed(first.child)
  const release = await openState().acquireLock()
  expect(readdirSync(stateDirectory).filter((name) => name.startsWith('fairlead.pid'))).toEqual(['fairlead.pid.2'])
  await release()
})

for (const [whose, holder] of Object.entries({
  'a process of another boot': { pid: process.pid, startTicks: '1', bootId: 'another' },
  'a pid that was handed out again': { pid: process.pid, startTicks: '1', bootId: currentBoot() },
  nobody: {},
})) {
  test.skipIf(!existsSync('/proc/self/stat'))(`a lock of ${whose} is stale`, async () => {
    mkdirSync(stateDirectory, { mode: 0o700 })
    writeFileSync(join(stateDirectory, 'fairlead.pid.41'), JSON.stringify(holder))
    const release = await openState().acquireLock()
    expect(existsSync(join(stateDirectory, 'fairlead.pid.42'))).toBe(true)
    await release()
  })
}

test('of several that race for a dead lock exactly one gets it, every time', async () => {
  const contenders = await Promise.all(Array.from({ length: 4 }, startContender))
  mkdirSync(stateDirectory, { mode: 0o700 })
  for (let round = 1; contenders.length > 1; round += 1) {
    if (round === 1) writeFileSync(join(stateDirectory, 'fairlead.pid.7'), '{}')
    for (const each of contenders) each.take()
    const answers = await Promise.all(contenders.map((each) => each.answer()))
    expect(answers.toSorted(), `round ${round}`).toEqual([...contenders.slice(1).map(() => 'ALREADY_RUNNING'), 'held'])
    const [winner] = contenders.splice(answers.indexOf('held'), 1)
    if (winner !== undefined) await killed(winner.child)
  }
})

function currentBoot(): string {
  const file = '/proc/sys/kernel/random/boot_id'
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}
