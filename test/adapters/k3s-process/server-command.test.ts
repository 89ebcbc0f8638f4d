import { describe, expect, test } from 'vitest'
import { parseProcessStat } from '../../../src/adapters/k3s-process/process-table.ts'
import { dataDirectoryOf, isK3sBinary, isServerCommand } from '../../../src/adapters/k3s-process/server-command.ts'

describe('the arguments of a server', () => {
  const cases: readonly { args: string[]; expected: boolean; because: string }[] = [
    { args: ['/usr/local/bin/k3s', 'server', '--token', 'x'], expected: true, because: 'as it is started' },
    { args: ['/usr/local/bin/k3s server'], expected: true, because: 'it rewrote its title' },
    { args: ['/usr/local/bin/k3s server      '], expected: true, because: 'the rest of the title is blank' },
    { args: ['k3s', '--debug', 'server'], expected: true, because: 'global flags come first' },
    { args: ['/usr/local/bin/k3s', 'agent', 'server'], expected: false, because: 'that is an agent' },
    { args: ['/usr/local/bin/k3s', 'kubectl', 'get', 'server'], expected: false, because: 'that is a client' },
    { args: ['/usr/local/bin/k3s init'], expected: false, because: 'that is the image loader' },
    { args: [''], expected: false, because: 'nothing can be told' },
  ]
  for (const { args, expected, because } of cases) {
    test(`${JSON.stringify(args)}: ${because}`, () => expect(isServerCommand(args)).toBe(expected))
  }

  test('only k3s and k3s-server are K3s', () => {
    expect(['/a/k3s', '/a/k3s-server', '/a/k3s-killall.sh', '/a/containerd'].map(isK3sBinary)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

describe('the data directory of a server', () => {
  const hash = 'a'.repeat(64)
  const cases = [
    { args: ['k3s', 'server', '--data-dir', '/srv/k3s'], executable: '/x/k3s', cwd: '/', expected: '/srv/k3s' },
    { args: ['k3s', 'server', '--data-dir=/srv/k3s/'], executable: '/x/k3s', cwd: '/', expected: '/srv/k3s' },
    { args: ['k3s', 'server', '-d', 'k3s'], executable: '/x/k3s', cwd: '/srv', expected: '/srv/k3s' },
    { args: ['k3s server'], executable: '/x/k3s', cwd: '/srv/k3s/server', expected: '/srv/k3s' },
    { args: ['k3s server'], executable: `/srv/k3s/data/${hash}/bin/k3s`, cwd: '/', expected: '/srv/k3s' },
    { args: ['k3s server'], executable: '/usr/local/bin/k3s', cwd: '/', expected: undefined },
  ]
  for (const { args, executable, cwd, expected } of cases) {
    test(`${args.join(' ')} in ${cwd} by ${executable} is ${expected ?? 'the default'}`, () => {
      expect(dataDirectoryOf({ args, executable, workingDirectory: cwd })).toBe(expected)
    })
  }
})

test('a process named with spaces and parentheses does not shift the fields of its stat line', () => {
  const rest = 'S 7 1 1 0 -1 4194560 1 0 0 0 1 2 3 4 20 0 1 0 4242 1 1'
  expect(parseProcessStat(`812 (k3s) 1 (x)) ${rest}`)).toEqual({ parentPid: 7, startTicks: '4242' })
  expect(parseProcessStat(`812 (k3s) ${rest.replace('S', 'Z')}`), 'a zombie is gone').toBeUndefined()
  expect(parseProcessStat('812 (k3s)')).toBeUndefined()
})
