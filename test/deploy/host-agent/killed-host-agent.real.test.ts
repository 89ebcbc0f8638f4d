import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { keepHostAgent } from '../../../src/reconcile/host-agent/keep-host-agent.ts'
import { textIn } from '../../lab/stand-in-host.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'
import { hostUnderTest } from './host-under-test.ts'

const child = fileURLToPath(new URL('./keep-in-child.ts', import.meta.url))
const signal = new AbortController().signal

/** @returns whether it was killed before it was done */
function keepInChild(directory: string, version: string, dieBeforeWrite: number): Promise<boolean> {
  const words = [child, directory, version, String(dieBeforeWrite)]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, (error) => {
      if (error === null) resolve(false)
      else if (error.signal === 'SIGKILL') resolve(true)
      else reject(error)
    })
  })
}

/** The release that a start of the machine at this moment would run; every file of it has to be its own. */
function runnable(root: string): string {
  const version = readlinkSync(join(root, 'opt/fairlead')).split('/').at(-1)?.split('-')[0] ?? ''
  expect(textIn(root, 'opt/fairlead/bin/node')).toBe(`node of ${version}`)
  expect(textIn(root, 'opt/fairlead/bin/fairlead.cjs')).toBe(`command of ${version}`)
  expect(textIn(root, 'opt/fairlead/dist/main.js')).toBe(`program of ${version}`)
  expect(textIn(root, 'etc/systemd/system/fairlead-agent.service')).toMatch(/^agent service of [12]\.0\.0\n$/)
  expect(textIn(root, 'etc/systemd/system/fairlead-boot.service')).toMatch(/^boot service of [12]\.0\.0\n$/)
  return version
}

test('killed before any write of an update, the host has one release or the other, and the next attempt ends it', async () => {
  const directory = await temporaryDirectory()
  const before = join(directory, 'before')
  mkdirSync(before)
  await keepHostAgent(await hostUnderTest(before, '1.0.0'), signal)
  const seen = new Set<string>()
  const tried: Promise<void>[] = []
  let isWhole = false
  const attempt = async (at: number): Promise<void> => {
    const copy = join(directory, `at-${at}`)
    cpSync(before, copy, { recursive: true, verbatimSymlinks: true })
    const wasKilled = await keepInChild(copy, '2.0.0', at)
    const ports = await hostUnderTest(copy, '2.0.0')
    seen.add(runnable(ports.host.root))
    await keepHostAgent(ports, signal)
    expect(runnable(ports.host.root)).toBe('2.0.0')
    expect(ports.host.agentRelease).toBe(ports.programs.current())
    expect(readdirSync(join(ports.host.root, 'opt')).sort()).toEqual(['fairlead', 'fairlead-releases'])
    expect(readdirSync(join(ports.host.root, 'opt/fairlead-releases')).length).toBeLessThanOrEqual(2)
    expect(readdirSync(join(ports.host.root, 'etc/systemd/system')).filter((name) => name.startsWith('.'))).toEqual([])
    rmSync(copy, { recursive: true })
    if (!wasKilled) isWhole = true
  }
  for (let at = 1; !isWhole; at += 4) {
    tried.length = 0
    for (let next = at; next < at + 4; next += 1) tried.push(attempt(next))
    await Promise.all(tried)
  }
  expect(seen).toEqual(new Set(['1.0.0', '2.0.0']))
}, 240_000)
