import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMachine, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'
import { type StandInK3s, startStandInK3s } from '../lab/stand-in-k3s.ts'

let machine: TestMachine
let k3s: StandInK3s | undefined

beforeEach(async () => {
  machine = await createMachine()
  await machine.repository.push({ [networkFile]: networkYaml() })
  await machine.state.writeAdoption({
    cluster: 'home',
    node: 'pi-1',
    adoptedAt: '2026-03-01T12:00:00Z',
    takenOver: {},
    awaitsK3s: true,
  })
})
afterEach(async () => {
  await k3s?.stop()
  k3s = undefined
  await machine.close()
})

test('a machine that was prepared waits for its K3s, and no longer once that has run', async () => {
  const engineOf = async (reason: (engine: string) => boolean): Promise<void> => {
    await machine.statusUntil((status) => status.revision !== '' && reason(status.engine))
  }
  machine.start({ intervalMs: 100 })
  await engineOf((engine) => engine === 'k3s')
  expect(await machine.state.readAdoption()).toMatchObject({ awaitsK3s: true })

  k3s = await startStandInK3s(machine.root, { version: 'one', packagedFiles: new Map() })
  const deadline = Date.now() + 10_000
  while ((await machine.state.readAdoption())?.awaitsK3s === true && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(await machine.state.readAdoption()).toEqual({
    cluster: 'home',
    node: 'pi-1',
    adoptedAt: '2026-03-01T12:00:00Z',
    takenOver: {},
  })
})
