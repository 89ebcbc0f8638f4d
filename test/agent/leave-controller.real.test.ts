import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openProgramCache } from '../../src/adapters/disk/program-cache.ts'
import { leaveController } from '../../src/agent/leave-controller.ts'
import { type MachineOptions, runMachine } from '../../src/agent/run-machine.ts'
import { openMachine } from '../../src/agent/this-machine.ts'
import type { PublishedProgram } from '../../src/domain/published-program.ts'
import { resolveSettings } from '../../src/settings.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { recordingLog } from '../lab/recording-log.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'

const manifests = '/var/lib/rancher/k3s/server/manifests'

/** A machine that an agent of a controller left behind, with one manifest hidden by it and one by somebody else. */
async function leftMachine() {
  const root = await temporaryDirectory()
  const log = recordingLog()
  mkdirSync(join(root, manifests), { recursive: true })
  mkdirSync(join(root, 'var/lib/fairlead'), { mode: 0o700 })
  for (const name of ['ours.yaml', 'ours.yaml.skip', 'theirs.yaml.skip']) {
    writeFileSync(join(root, manifests, name), '')
  }
  const settings = resolveSettings(
    { root, node: 'pi-1', kernel: 'off', listen: 'off', gitUrl: join(root, 'no-repository'), cluster: 'home' },
    {},
  )
  const machine = openMachine(settings, { workingDirectory: '/' }, log)
  const cache = openProgramCache({ stateDirectory: machine.stateDirectory, log })
  await cache.writeMarkers([`${manifests}/ours.yaml.skip`])
  await cache.writeAccepted({ published: { sequence: 7 } as PublishedProgram, publicPem: 'pem' })
  await cache.writeServers(['10.0.0.1:6443'])
  await cache.writeContent(sha256Hex('a part'), 'a part')
  const revision = { name: 'main@1', commit: 'c', author: 'ada', subject: 's', committedAt: '' }
  await machine.state.writeLastGood({ program: { digest: 'd' }, revision } as never)
  await machine.state.writeAdoption({ cluster: 'home', node: 'pi-1', adoptedAt: '', takenOver: {} })
  return { root, settings, machine, cache }
}

function shown(root: string): readonly string[] {
  return readdirSync(join(root, manifests)).sort()
}

test('whoever leaves a controller forgets it and what came from it, and not what is on the disk for K3s', async () => {
  const { root, machine, cache } = await leftMachine()
  expect(await leaveController(machine)).toEqual({ taken: [`${manifests}/ours.yaml.skip`], kept: [] })
  expect(shown(root)).toEqual(['ours.yaml', 'theirs.yaml.skip'])
  expect([await cache.readAccepted(), await cache.readServers(), await cache.readMarkers()]).toEqual([
    undefined,
    undefined,
    [],
  ])
  expect(await machine.state.readLastGood()).toBeUndefined()
  expect(readdirSync(join(machine.stateDirectory, 'contents'))).toEqual([])
  expect(await machine.state.readAdoption()).toMatchObject({ cluster: 'home' })
  expect(await leaveController(machine)).toEqual({ taken: [], kept: [] })
})

const sources: readonly (readonly [string, Pick<MachineOptions, 'program'>])[] = [
  ['a file', { program: { source: 'file', path: '/nowhere/program.json' } }],
  ['a repository', {}],
]

test.each(sources)('a program from %s shows the manifests that waited for the API', async (_, program) => {
  const { root, settings, machine, cache } = await leftMachine()
  const stop = new AbortController()
  const ended = runMachine({
    settings,
    machine,
    node: 'pi-1',
    version: '0.1.0',
    interrupted: stop.signal,
    ...program,
  })
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
  await expect.poll(() => existsSync(join(root, manifests, 'ours.yaml.skip')), { timeout: 5_000 }).toBe(false)
  expect(shown(root)).toContain('theirs.yaml.skip')
  await expect.poll(() => cache.readMarkers()).toEqual([])
  expect(await cache.readAccepted()).toBeDefined()
})
