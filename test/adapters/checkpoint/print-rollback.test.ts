import fc from 'fast-check'
import { expect, test } from 'vitest'
import { oneLine, printRollback } from '../../../src/adapters/checkpoint/print-rollback.ts'
import { printWatchdog } from '../../../src/adapters/checkpoint/print-watchdog.ts'
import { quoteForShell } from '../../../src/adapters/checkpoint/shell-quote.ts'
import type { InverseStep } from '../../../src/domain/inverse.ts'

const programs = { sh: '/bin/sh', ln: '/bin/ln', rm: '/bin/rm', sleep: '/bin/sleep' }
const directory = "/var/lib/it's/checkpoint/000001"

function print(steps: readonly InverseStep[], environment: Readonly<Record<string, string>> = {}) {
  return printRollback({ id: '000001', directory, steps, programs, environment, hasEmergency: false })
}

function stepLines(script: string): string[] {
  const lines = script.split('\n')
  const begin = lines.indexOf('steps() {')
  return lines.slice(begin + 2, lines.indexOf('}', begin)).map((line) => line.trim())
}

const cases: readonly { readonly step: InverseStep; readonly line: string; readonly payload?: string }[] = [
  { step: { kind: 'run', argv: ['/sbin/ip', 'link'] }, line: `must 001 '/sbin/ip' 'link' || failed=1` },
  {
    step: { kind: 'run', argv: ['/sbin/nft', '-f', '-'], input: 'flush $(reboot)\n' },
    line: `must 001 '/sbin/nft' '-f' '-' <"$dir/inverse/001" || failed=1`,
    payload: 'flush $(reboot)\n',
  },
  { step: { kind: 'run', argv: ['/sbin/ip'], mayFail: true }, line: `may 001 '/sbin/ip' || :` },
  {
    step: { kind: 'ensure', check: ['/sbin/iptables', '-C', 'a b'], argv: ['/sbin/iptables', '-I', 'a b'] },
    line: `holds '/sbin/iptables' '-C' 'a b' || must 001 '/sbin/iptables' '-I' 'a b' || failed=1`,
  },
  {
    step: { kind: 'ensure', check: ['/sbin/iptables', '-C'], argv: ['/sbin/iptables', '-I'], mayFail: true },
    line: `holds '/sbin/iptables' '-C' || may 001 '/sbin/iptables' '-I' || :`,
  },
  { step: { kind: 'until-gone', argv: ['/sbin/ip', 'rule'] }, line: `gone 001 '/sbin/ip' 'rule' || failed=1` },
  {
    step: { kind: 'write', path: '/proc/sys/net/x', text: "it's; $HOME" },
    line: `put 001 '/proc/sys/net/x' 'it'\\''s; $HOME' || failed=1`,
  },
]

for (const { step, line, payload } of cases) {
  test(`a step ${step.kind} becomes ${line}`, () => {
    const { script, payloads } = print([step])
    expect(stepLines(script)).toEqual([line])
    expect([...payloads]).toEqual(payload === undefined ? [] : [['001', payload]])
  })
}

test('what a program reads never stands in the script', () => {
  const { script } = print([{ kind: 'run', argv: ['/sbin/nft'], input: 'table inet fairlead' }])
  expect(script).not.toContain('inet fairlead')
})

test('a directory with a quote in its name is quoted', () => {
  expect(print([]).script).toContain(`dir='/var/lib/it'\\''s/checkpoint/000001'`)
})

test('variables are exported under their names, and a name that is none is refused', () => {
  expect(print([], { XTABLES_LOCKFILE: '/run/l k' }).script).toContain(
    `XTABLES_LOCKFILE='/run/l k'; export XTABLES_LOCKFILE`,
  )
  expect(() => print([], { 'A=1; reboot': 'x' })).toThrow('no name of a variable')
})

test('a quoted word has no quote of the shell outside of an escape, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!text.includes('\0'))
      const inner = quoteForShell(text).slice(1, -1)
      expect(inner.replaceAll("'\\''", '')).not.toContain("'")
      expect(inner.replaceAll("'\\''", "'")).toBe(text)
    }),
  )
})

test('a NUL is no part of an argument', () => {
  expect(() => quoteForShell('a\0b')).toThrow('NUL')
})

test('a reason stays on one line and within bounds', () => {
  expect(oneLine('a\nb\u001b[31mc\u0000')).toBe('a b [31mc ')
  expect(oneLine('x'.repeat(2_000))).toHaveLength(500)
})

test('a watchdog waits whole seconds, at least one', () => {
  expect(printWatchdog({ directory, seconds: 60, programs })).toContain(`'/bin/sleep' 60 3<&- &`)
  for (const seconds of [0, 1.5, Number.NaN, -1]) {
    expect(() => printWatchdog({ directory, seconds, programs })).toThrow('number of seconds')
  }
})
