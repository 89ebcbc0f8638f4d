import { describe, expect, test } from 'vitest'
import { refusedLines, runBatch } from '../../../src/adapters/iproute/batch.ts'
import { openHostRoutes } from '../../../src/adapters/iproute/iproute-routes.ts'
import { writeLine } from '../../../src/adapters/iproute/route-arguments.ts'
import type { CommandPort, CommandResult } from '../../../src/ports/command-port.ts'

const ok: CommandResult = { code: 0, stdout: '', stderr: '', tookMs: 1 }

/** Answers each run with the next result, and remembers the inputs. */
function commands(...results: readonly Partial<CommandResult>[]): {
  readonly port: CommandPort
  readonly inputs: string[]
} {
  const inputs: string[] = []
  const left = [...results]
  return {
    inputs,
    port: {
      run: (_argv, options = {}) => {
        inputs.push(options.input ?? '')
        return Promise.resolve({ ...ok, ...left.shift() })
      },
      follow: () => ({ stop: () => Promise.resolve() }),
      find: () => Promise.resolve(undefined),
    },
  }
}

describe('a batch', () => {
  test('gives the words before each failed line to that line', () => {
    const stderr = [
      'Error: Nexthop has invalid gateway.',
      'Command failed -:6',
      'Cannot find device "nope"',
      'Command failed -:9',
      'Command failed -:10',
      '',
    ].join('\n')
    expect([...refusedLines(stderr)]).toEqual([
      [5, 'Nexthop has invalid gateway'],
      [8, 'Cannot find device "nope"'],
      [9, 'refused without a reason'],
    ])
  })

  test('that ends before its end is cut in two until the line is found', async () => {
    const abort = { code: 255, stderr: 'Error: cannot parse nexthop' }
    const { port, inputs } = commands(abort, abort, abort, ok, ok)
    const refused = await runBatch(port, '/sbin/ip', 4, ['one', 'two', 'three', 'four'])
    expect([...refused]).toEqual([[0, 'cannot parse nexthop']])
    expect(inputs).toEqual(['one\ntwo\nthree\nfour\n', 'one\ntwo\n', 'one\n', 'two\n', 'three\nfour\n'])
  })

  test('of no lines starts nothing', async () => {
    const { port, inputs } = commands()
    expect(await runBatch(port, '/sbin/ip', 4, [])).toEqual(new Map())
    expect(inputs).toEqual([])
  })

  test.each([
    { result: { code: undefined, failed: 'timeout' as const }, code: 'ROUTES_FAILED', retry: 'soon' },
    {
      result: { code: 1, stderr: 'RTNETLINK answers: Operation not permitted\nCommand failed -:1\n' },
      code: 'ROUTES_UNSUPPORTED',
      retry: 'never',
    },
  ])('that cannot be run is $code', async ({ result, code, retry }) => {
    await expect(runBatch(commands(result).port, '/sbin/ip', 4, ['one'])).rejects.toMatchObject({
      detail: { code, retry },
    })
  })
})

test('without ip there are no routes', async () => {
  await expect(openHostRoutes(commands().port)).rejects.toMatchObject({
    detail: { code: 'ROUTES_UNSUPPORTED', where: 'ip' },
  })
})

test.each(['eth0\nroute flush table main', 'eth0 table 255', '', 'e;x', '#'])(
  'the name %j never becomes a line for ip',
  (dev) => {
    const nextHops = [{ dev }]
    const route = {
      kind: 'route',
      id: 'route:x',
      family: 4,
      table: 254,
      to: '10.0.0.0/8',
      metric: 0,
      type: 'unicast',
      nextHops,
      onConflict: 'Refuse',
      origin: '',
    } as never
    expect(() => writeLine({ kind: 'add-route', route, protocol: 201 })).toThrow('not a line for ip')
  },
)
