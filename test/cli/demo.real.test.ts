import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openMachine } from '../../src/agent/this-machine.ts'
import { demoCommand } from '../../src/cli/demo.ts'
import { terminalLog } from '../../src/cli/terminal-log.ts'
import type { Adoption } from '../../src/domain/status.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'

/** Starts the demo, waits until it listens, stops it, and says what was adopted. */
async function startOnce(directory: string): Promise<Adoption | undefined> {
  const stop = new AbortController()
  const terminal = fakeTerminal(directory, { interrupted: stop.signal })
  const given = { flags: { listen: '127.0.0.1:0', logLevel: 'error', root: 'fairlead-demo/root' } }
  const call = callOf(terminal, given)
  const running = demoCommand(call)
  const isUp = async (): Promise<void> => {
    for (let tries = 0; tries < 1000 && !terminal.out.text.includes('Status page'); tries += 1) await sleep(10)
  }
  try {
    await Promise.race([isUp(), running])
  } finally {
    stop.abort()
  }
  await running
  return openMachine(call.settings, terminal, terminalLog(terminal, { progress: false })).state.readAdoption()
}

test('a tree that the demo makes is adopted, also when the start before failed', async () => {
  const directory = await temporaryDirectory()
  const repository = join(directory, 'fairlead-demo/fairlead.git')
  mkdirSync(repository, { recursive: true })
  writeFileSync(join(repository, 'notes.txt'), 'mine')
  await expect(startOnce(directory)).rejects.toMatchObject({ detail: { code: 'REPOSITORY_OCCUPIED' } })
  expect(existsSync(join(directory, 'fairlead-demo/root'))).toBe(false)

  rmSync(repository, { recursive: true })
  expect(await startOnce(directory)).toMatchObject({ cluster: 'home', node: 'demo' })
})

test('an empty tree of an earlier start, with our own state in it or without, is adopted', async () => {
  for (const left of ['', 'var/lib/fairlead']) {
    const directory = await temporaryDirectory()
    mkdirSync(join(directory, 'fairlead-demo/root', left), { recursive: true, mode: 0o700 })
    expect(await startOnce(directory), left).toMatchObject({ cluster: 'home' })
  }
})

test('a tree with files of somebody else in it is not', async () => {
  const directory = await temporaryDirectory()
  mkdirSync(join(directory, 'fairlead-demo/root/var/lib/rancher'), { recursive: true, mode: 0o700 })
  expect(await startOnce(directory)).toBeUndefined()
})
