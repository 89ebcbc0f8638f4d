import { describe, expect, test } from 'vitest'
import { type LogOptions, openLog } from '../../../src/adapters/log/pino-log.ts'
import { Failure } from '../../../src/domain/failure.ts'

function collector() {
  const lines: string[] = []
  return { lines, write: (line: string) => void lines.push(line) }
}

async function logged(fields: Record<string, unknown>, options: Partial<LogOptions> = {}): Promise<string> {
  const stream = collector()
  const log = await openLog({ level: 'info', format: 'json', stream, ...options })
  log.info(fields, 'something happened')
  return stream.lines.join('')
}

test('an entry is one JSON line with ISO time, the level as a word and its fields', async () => {
  const line = await logged({ node: 'pi-1', text: 'two\nlines' })
  expect(line.trimEnd()).not.toContain('\n')
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>
  expect(rest).toEqual({ level: 'info', node: 'pi-1', text: 'two\nlines', msg: 'something happened' })
  expect(new Date(String(time)).toISOString()).toBe(time)
})

test('entries below the level are left out', async () => {
  const stream = collector()
  const log = await openLog({ level: 'warn', format: 'json', stream })
  log.debug({}, 'd')
  log.info({}, 'i')
  log.warn({}, 'w')
  log.error({}, 'e')
  expect(stream.lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['warn', 'error'])
})

describe('secrets stay out', () => {
  const secret = 'hunter2'
  const cases: Readonly<Record<string, Record<string, unknown>>> = {
    'of a field of that name': { token: secret, password: secret, secret },
    'of a field one level down': { git: { token: secret, password: secret } },
    'of headers': { headers: { authorization: secret }, request: { headers: { authorization: secret } } },
    'of a URL': { url: `https://eve:${secret}@example.test/x.git` },
    'of a URL in the middle of a text': { what: `could not fetch https://${secret}@example.test/x.git, gave up` },
    'of a URL in a list': { remotes: [`ssh://git:${secret}@example.test/x.git`] },
    'of a URL object': { url: new URL(`https://eve:${secret}@example.test/x.git`) },
    'of an error': { err: new Error(`refused by https://eve:${secret}@example.test/`) },
    "of an error's cause": { err: new Error('refused', { cause: new Error(secret) }) },
    'of a failure': {
      failure: new Failure('no', {
        code: 'X',
        where: `https://eve:${secret}@h/`,
        fix: `ask https://${secret}@h/`,
        retry: 'soon',
      }),
    },
  }
  for (const [where, fields] of Object.entries(cases)) {
    for (const format of ['json', 'pretty']) {
      test(`${where}, in ${format}`, async () => {
        const line = await logged(fields, { format })
        expect(line).toContain('something happened')
        expect(line).not.toContain(secret)
      })
    }
  }
})

test('addresses without credentials stay as they are', async () => {
  const fields = {
    url: 'https://example.test:8443/a@b/c?d=e@f',
    who: 'eve@example.test',
    scp: 'git@example.test:x.git',
  }
  expect(JSON.parse(await logged(fields))).toMatchObject(fields)
})

test('a failure is its code, place, message and fix; another error comes with its stack', async () => {
  const failure = new Failure('disk is full', { code: 'DISK_FULL', where: '/x', fix: 'free space', retry: 'soon' })
  const entry = JSON.parse(await logged({ failure, bug: new TypeError('oops') })) as Record<
    string,
    Record<string, string>
  >
  expect(entry['failure']).toEqual({ code: 'DISK_FULL', where: '/x', fix: 'free space', message: 'disk is full' })
  expect(entry['bug']).toMatchObject({ type: 'TypeError', message: 'oops' })
  expect(entry['bug']?.['stack']).toContain('pino-log.test.ts')
})

test('on a terminal, auto is for people; elsewhere it is JSON', async () => {
  const people = await logged({ node: 'pi-1' }, { format: 'auto', isTerminal: true })
  expect(people).toContain('INFO')
  expect(() => JSON.parse(people)).toThrow(SyntaxError)
  expect(JSON.parse(await logged({}, { format: 'auto', isTerminal: false }))).toMatchObject({ level: 'info' })
})
