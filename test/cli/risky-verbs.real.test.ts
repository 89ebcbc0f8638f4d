import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openMachineCheckpoints } from '../../src/agent/this-checkpoints.ts'
import type { Command } from '../../src/cli/command.ts'
import { confirmCommand } from '../../src/cli/confirm.ts'
import { rollbackCommand } from '../../src/cli/rollback.ts'
import { sampleChange } from '../adapters/checkpoint/sample-change.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'

let home = ''
let value = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fairlead-verbs-'))
  value = join(home, 'value')
  writeFileSync(value, 'new\n')
  mkdirSync(join(home, 'root/var/lib/fairlead'), { recursive: true, mode: 0o700 })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const checkpoints = () => openMachineCheckpoints(join(home, 'root/var/lib/fairlead'))

async function call(command: Command, words: readonly string[] = [], options: Record<string, string> = {}) {
  const terminal = fakeTerminal(home)
  const code = await command(callOf(terminal, { flags: { root: 'root' }, words, options }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

async function inForce(): Promise<string> {
  const port = checkpoints()
  const { id } = await port.arm(sampleChange(value, { isManual: true }))
  await port.advance(id, 'applying')
  await port.advance(id, 'probing')
  return id
}

test('with nothing open both verbs say so and end with 1', async () => {
  for (const command of [confirmCommand, rollbackCommand]) {
    const { code, out, err } = await call(command)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('no change waits for a confirmation')
  }
})

describe('confirm', () => {
  test('keeps the change, and says what it was', async () => {
    const id = await inForce()
    expect(await call(confirmCommand)).toEqual({
      code: 0,
      out: `confirmed: change ${id} of main@sha1:01\n  deny everything\n`,
      err: '',
    })
    expect(await call(confirmCommand, [id])).toMatchObject({ code: 0 })
    expect(readFileSync(value, 'utf8')).toBe('new\n')
    expect((await call(rollbackCommand)).err).toContain('is confirmed and in force')
  })

  test('of a change that was named takes no other', async () => {
    await inForce()
    expect(await call(confirmCommand, ['000009'])).toMatchObject({ code: 1 })
    expect((await checkpoints().current())?.phase).toBe('probing')
    await call(rollbackCommand)
  })

  test('of a change that is still written is refused', async () => {
    const port = checkpoints()
    const { id } = await port.arm(sampleChange(value))
    expect(await call(confirmCommand)).toMatchObject({ code: 1 })
    await port.rollBack(id, 'over')
  })

  test('comes too late when the change was taken back, and says why', async () => {
    const id = await inForce()
    await checkpoints().rollBack(id, 'no answer afterwards: dns')
    expect(await call(confirmCommand)).toEqual({
      code: 1,
      out: '',
      err: `fairlead: change ${id} was taken back: no answer afterwards: dns\n`,
    })
  })
})

describe('rollback', () => {
  test('takes the change back now, and keeps who did it and why', async () => {
    await inForce()
    expect(await call(rollbackCommand, [], { reason: 'too slow' })).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(value, 'utf8')).toBe('old\n')
    expect((await checkpoints().current())?.reason).toBe('taken back by hand by ada: too slow')
    expect(await call(rollbackCommand)).toMatchObject({ code: 0 })
  })

  test('of a change that was named takes no other', async () => {
    await inForce()
    expect(await call(rollbackCommand, ['000009'])).toMatchObject({ code: 1 })
    expect(readFileSync(value, 'utf8')).toBe('new\n')
    await call(rollbackCommand)
  })
})
