import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { controllerRoutes } from '../../src/controller/controller-routes.ts'
import { Failure } from '../../src/domain/failure.ts'
import type { Problem } from '../../src/domain/problem.ts'
import type { Controller, ControllerState } from '../../src/reconcile/controller/controller.ts'

const idle: ControllerState = { leads: true, isReady: true, record: undefined, failures: [] }

async function answer(
  path: string,
  state: ControllerState,
): Promise<{ readonly status: number; readonly text: string }> {
  const route = controllerRoutes({ state: () => state } as unknown as Controller, async () => '').find(
    (one) => one.path === path,
  )
  let [status, text] = [0, '']
  const response = {
    setHeader: () => undefined,
    writeHead: (code: number) => {
      status = code
      return response
    },
    end: (body?: unknown) => {
      text = String(body)
    },
  }
  await route?.handle({ response: response as unknown as ServerResponse } as Parameters<typeof route.handle>[0])
  return { status, text }
}

function problem(line: number): Problem {
  const place = { file: 'clusters/home/network.yaml', line, column: 3 }
  const [what, fix, sourceLine] = ['there is no field colour', 'take it away', 'colour: red']
  return { code: 'UNKNOWN_FIELD', severity: 'error', place, what, why: '', fix, sourceLine }
}

test('a controller that is well says so in one line', async () => {
  expect(await answer('/readyz', idle)).toEqual({ status: 200, text: expect.stringMatching(/^ok: leader\n?$/) })
})

test('who may only ask whether it is ready learns codes and places, and nothing of what the repository says', async () => {
  const refused = { revision: 'main@sha1:1', problems: [problem(6), problem(7)] }
  const detail = { code: 'SIGNING_KEY_LOST', where: 'Secret x', fix: 'give it back', retry: 'soon' } as const
  const { status, text } = await answer('/readyz', {
    ...idle,
    isReady: false,
    failures: [new Failure('the key is gone', detail)],
    refused,
  })
  expect(status).toBe(503)
  expect(text.trim().split('\n')).toEqual([
    'not ready: leader',
    'SIGNING_KEY_LOST: Secret x',
    'UNKNOWN_FIELD: clusters/home/network.yaml:6:3',
    'UNKNOWN_FIELD: clusters/home/network.yaml:7:3',
  ])
})

test('the status tells the first problems in full, errors before warnings, and how many there are', async () => {
  const problems = [
    { ...problem(1), severity: 'warning' as const },
    ...Array.from({ length: 30 }, (_, line) => problem(line + 2)),
  ]
  const { text } = await answer('/api/status', { ...idle, refused: { revision: 'main@sha1:1', problems } })
  const { refused } = JSON.parse(text) as { refused: { count: number; problems: readonly Problem[] } }
  expect(refused.count).toBe(31)
  expect(refused.problems).toHaveLength(20)
  expect(refused.problems[0]).toMatchObject({
    severity: 'error',
    what: 'there is no field colour',
    fix: 'take it away',
  })
  expect(text).not.toContain('colour: red')
})
