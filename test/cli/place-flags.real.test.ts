import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adoptCommand } from '../../src/cli/adopt.ts'
import { applyCommand } from '../../src/cli/apply.ts'
import type { Command, CommandCall } from '../../src/cli/command.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { flags, network, sampleWorld, writeTree } from './sample-repository.ts'

let world = sampleWorld()
beforeEach(() => {
  world = sampleWorld()
})
afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

/** On a machine with a K3s that does not run right now. */
async function call(command: Command, options: CommandCall['options'] = {}) {
  const terminal = fakeTerminal(world.directory)
  const code = await command(callOf(terminal, { flags: { repo: 'repo', root: 'root', engine: 'k3s' }, options }))
  return { code, out: terminal.out.text }
}

const inPlace = (): string => join(world.root, flags)
const staged = (): string => join(world.root, '/var/lib/fairlead/staged', flags)

test('flags with addresses are staged, placed when told to, and then there is nothing to do', async () => {
  const addressing = '  addressing: { clusterCIDR: [10.42.0.0/16] }\n'
  writeTree(world.repo, { 'clusters/home/network.yaml': `${network}${addressing}` })
  await call(adoptCommand, { yes: true })
  expect(await call(applyCommand, { once: true })).toMatchObject({ code: 0 })
  expect([existsSync(inPlace()), existsSync(staged())]).toEqual([false, true])

  const placed = await call(applyCommand, { once: true, 'place-flags': true })
  expect(placed.out).toContain('settled')
  expect(placed.code).toBe(0)
  expect([existsSync(inPlace()), existsSync(staged())]).toEqual([true, false])
  expect(readFileSync(inPlace(), 'utf8')).toContain('"10.42.0.0/16"')
  expect(await call(planCommand, { 'detailed-exitcode': true })).toMatchObject({ code: 0 })
})
