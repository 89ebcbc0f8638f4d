import { expect, test } from 'vitest'
import { terminalLog } from '../../src/cli/terminal-log.ts'
import { fakeTerminal } from './fake-terminal.ts'

test('warnings are told with what they are about, and nothing hostile in it', () => {
  const terminal = fakeTerminal()
  terminalLog(terminal, { progress: false }).warn(
    { path: '/m/a\u001b[2J', code: 'DISK_FULL', attempt: 3 },
    'file refused',
  )
  expect(terminal.err.text).toBe('fairlead: file refused  /m/a\\x1b[2J  DISK_FULL\n')
})

test('what happens is told only where somebody watches', () => {
  const [quiet, watched] = [fakeTerminal(), fakeTerminal()]
  terminalLog(quiet, { progress: false }).info({ path: '/m/a' }, 'change applied')
  terminalLog(watched, { progress: true }).info({ path: '/m/a', change: 'create' }, 'change applied')
  expect(quiet.err.text).toBe('')
  expect(watched.err.text).toBe('fairlead: change applied  /m/a  create\n')
})
