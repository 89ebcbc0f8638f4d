import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openCheckpoints } from '../../../src/adapters/checkpoint/node-checkpoints.ts'
import { openCommands } from '../../../src/adapters/command/node-command.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-clock-'))
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(directory, { recursive: true, force: true })
})

test.for([
  { jump: 'ten years ahead', to: '2036-03-01T12:00:00Z' },
  { jump: 'back to 1970, as a board without a battery starts', to: '1970-01-01T00:00:10Z' },
])('a time of day that jumps $jump moves no deadline, and a change can still be confirmed', async ({ to }) => {
  const checkpoints = openCheckpoints({
    directory: join(directory, 'checkpoint'),
    commands: openCommands(),
    systemdDirectory: join(directory, 'no-systemd'),
  })
  const { id } = await checkpoints.arm({
    program: 'sha256:aa',
    revision: 'main@sha1:01',
    confirmTimeoutMs: 20_000,
    required: [],
    changes: [],
    isManual: false,
    inverse: [],
  })
  const before = await checkpoints.times(id)
  vi.setSystemTime(new Date(to))
  const after = await checkpoints.times(id)
  expect(before?.leftMs).toBeGreaterThan(15_000)
  expect(Math.abs((after?.leftMs ?? 0) - (before?.leftMs ?? 0))).toBeLessThan(3_000)
  // Neither watch asks for the time of day.
  for (const script of ['watchdog.sh', 'rollback.sh']) {
    expect(readFileSync(join(directory, 'checkpoint', id, script), 'utf8')).not.toMatch(/\bdate\b/)
  }
  await checkpoints.advance(id, 'applying')
  await checkpoints.advance(id, 'probing')
  expect(await checkpoints.confirm(id)).toBe(true)
})
