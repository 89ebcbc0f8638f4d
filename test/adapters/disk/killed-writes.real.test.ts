import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openNodeFiles } from '../../../src/adapters/disk/node-files.ts'
import { k3sPaths } from '../../../src/k3s/locations.ts'
import { recordingLog } from './recording-log.ts'

const kills = 30
const path = `${k3sPaths.manifests}/traefik.yaml`

/** Writes the file again and again, each time whole lines of one number. */
const writer = `
  import { openNodeFiles } from ${JSON.stringify(new URL('../../../src/adapters/disk/node-files.ts', import.meta.url).href)}
  const silent = () => {}
  const files = openNodeFiles({ root: process.argv[1], log: { debug: silent, info: silent, warn: silent, error: silent } })
  for (let number = 0; ; number += 1) {
    const before = await files.observeFile(${JSON.stringify(path)})
    await files.writeFile(${JSON.stringify(path)}, (String(number) + '\\n').repeat(20000), before)
    if (number === 0) console.log('written')
  }`

test(`a writer killed at ${kills} random points leaves one whole content each time, and the start after it cleans up`, async () => {
  const root = mkdtempSync(join(tmpdir(), 'killed-writes-'))
  let leftovers = 0
  try {
    for (let round = 0; round < kills; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer, root], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await firstOutput(child)
      await sleep(Math.random() * 15)
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
      const lines = readFileSync(root + path, 'utf8').split('\n')
      expect(lines).toHaveLength(20_001)
      expect(new Set(lines.slice(0, -1)).size, `round ${round}`).toBe(1)
      leftovers += await openNodeFiles({ root, log: recordingLog() }).removeLeftovers()
      expect(readdirSync(root + k3sPaths.manifests)).toEqual(['traefik.yaml'])
    }
    expect(leftovers, 'some kills did hit a write').toBeGreaterThan(0)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

async function firstOutput(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('no standard output')
  await once(child.stdout, 'data')
}
