import { expect, test } from 'vitest'
import type { Problem } from '../../../src/domain/problem.ts'
import { tellRefused } from '../../../src/reconcile/controller/tell-refused.ts'
import { newTurnState, type TurnContext } from '../../../src/reconcile/controller/turn-context.ts'
import { recordingLog } from '../../lab/recording-log.ts'

const head = { name: 'main@sha1:1', commit: '1', author: 'ada', subject: 'first', committedAt: '' }

function problem(line: number, what = 'there is no such field'): Problem {
  const place = { file: 'clusters/home/network.yaml', line, column: 3 }
  return { code: 'UNKNOWN_FIELD', severity: 'error', place, what, why: '', fix: 'take it away' }
}

function telling(cluster: string | undefined, record: object | undefined) {
  const log = recordingLog()
  const events: string[] = []
  const recorder = { record: ({ reason }: { reason: string }) => events.push(reason) }
  const turn = {
    settings: { cluster },
    ports: { log, events: recorder },
    own: { record: () => record },
    state: { ...newTurnState(), head },
  } as unknown as TurnContext
  return { lines: log.lines, events, tell: (refused: readonly Problem[] | undefined) => tellRefused(turn, refused) }
}

test('the log names the first twenty problems, short, and says them once until they are others', () => {
  const { lines, tell } = telling('home', undefined)
  const problems = Array.from({ length: 50 }, (_, line) => problem(line + 1, 'x'.repeat(100_000)))
  tell(problems)
  tell([...problems])
  expect(lines).toHaveLength(21)
  expect(lines[0]?.fields).toMatchObject({ revision: head.name, author: 'ada', problems: 50 })
  expect(lines[1]?.fields).toMatchObject({ code: 'UNKNOWN_FIELD', where: 'clusters/home/network.yaml:1:3' })
  expect(lines.every(({ message }) => message.length <= 1_024)).toBe(true)
  tell([problem(7)])
  expect(lines).toHaveLength(23)
  tell(undefined)
  tell([problem(7)])
  expect(lines).toHaveLength(25)
})

test.each([
  ['nothing else can hold it', undefined, undefined, ['DesiredStateInvalid']],
  ['the cluster is named', 'home', undefined, []],
  ['there is a record', undefined, {}, []],
] as const)('an Event tells, or not, when %s', (_, cluster, record, expected) => {
  const { events, tell } = telling(cluster, record)
  tell([problem(1)])
  expect(events).toEqual(expected)
})
