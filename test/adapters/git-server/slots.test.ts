import { expect, test } from 'vitest'
import { createSlots } from '../../../src/adapters/git-server/slots.ts'

const never = new AbortController().signal

test('the next one in line comes in when somebody leaves, in order', async () => {
  const slots = createSlots(1, 2)
  const leave = await slots.enter(never)
  const order: string[] = []
  const second = slots.enter(never).then((way) => {
    order.push('second')
    way?.()
  })
  const third = slots.enter(never).then((way) => {
    order.push('third')
    way?.()
  })
  expect(order).toEqual([])
  leave?.()
  await Promise.all([second, third])
  expect(order).toEqual(['second', 'third'])
  expect(await slots.enter(never)).toBeTypeOf('function')
})

test('who finds the line full is turned away', async () => {
  const slots = createSlots(1, 1)
  await slots.enter(never)
  void slots.enter(never)
  expect(await slots.enter(never)).toBeUndefined()
})

test('who gives up waiting leaves the line', async () => {
  const slots = createSlots(1, 1)
  const leave = await slots.enter(never)
  const impatient = new AbortController()
  const waiting = slots.enter(impatient.signal)
  impatient.abort()
  expect(await waiting).toBeUndefined()
  const next = slots.enter(never)
  leave?.()
  expect(await next).toBeTypeOf('function')
})

test('leaving twice frees one place', async () => {
  const slots = createSlots(1, 0)
  const leave = await slots.enter(never)
  leave?.()
  leave?.()
  expect(await slots.enter(never)).toBeTypeOf('function')
  expect(await slots.enter(never)).toBeUndefined()
})
