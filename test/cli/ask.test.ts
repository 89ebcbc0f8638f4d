import { expect, test } from 'vitest'
import { ask, canAsk } from '../../src/cli/ask.ts'
import { fakeTerminal } from './fake-terminal.ts'

for (const [answer, expected] of [
  ['y\n', true],
  ['YES\n', true],
  ['n\n', false],
  ['\n', false],
  ['yup\n', false],
] as const) {
  test(`the answer ${JSON.stringify(answer)} is ${expected ? 'a yes' : 'a no'}`, async () => {
    const terminal = fakeTerminal()
    terminal.in.write(answer)
    expect(await ask('Go on?', terminal)).toBe(expected)
    expect(terminal.err.text).toBe('Go on? [y/N] ')
    expect(terminal.out.text).toBe('')
  })
}

test('the end of the input is a no', async () => {
  const terminal = fakeTerminal()
  terminal.in.end()
  expect(await ask('Go on?', terminal)).toBe(false)
})

test('Ctrl-C is a no', async () => {
  const interrupt = new AbortController()
  const terminal = fakeTerminal('/', { interrupted: interrupt.signal })
  const answered = ask('Go on?', terminal)
  interrupt.abort()
  expect(await answered).toBe(false)
})

test('only a terminal at the input can be asked', () => {
  const terminal = fakeTerminal()
  expect(canAsk(terminal)).toBe(false)
  terminal.in.isTTY = true
  expect(canAsk(terminal)).toBe(true)
})
