import { expect, test } from 'vitest'
import { openKernel } from '../../src/agent/this-kernel.ts'
import { openMachine } from '../../src/agent/this-machine.ts'
import { uncounted } from '../../src/cli/uncounted.ts'
import { resolveSettings } from '../../src/settings.ts'
import { recordingLog } from '../lab/recording-log.ts'

const settings = resolveSettings({ root: '/nowhere' }, {})
const machine = openMachine(settings, { workingDirectory: '/' }, recordingLog())

test.each([
  ['30m', 1_800_000],
  ['10s', 10_000],
  ['1h', 3_600_000],
])('a confirm timeout of %s on the command line wins over the documents', (written, expected) => {
  const { confirmTimeout } = resolveSettings({ confirmTimeout: written }, {})
  expect(openKernel(machine, uncounted, { confirmTimeoutMs: confirmTimeout }).ports.confirmTimeoutMs).toBe(expected)
})

test.each(['5s', '2h'])('a confirm timeout of %s is refused', (written) => {
  const { confirmTimeout } = resolveSettings({ confirmTimeout: written }, {})
  expect(() => openKernel(machine, uncounted, { confirmTimeoutMs: confirmTimeout })).toThrow(/between 10 s and 1 h/)
})

test('without one the documents decide', () => {
  expect(
    openKernel(machine, uncounted, { confirmTimeoutMs: settings.confirmTimeout }).ports.confirmTimeoutMs,
  ).toBeUndefined()
})
