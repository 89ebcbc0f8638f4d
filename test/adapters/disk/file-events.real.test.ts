import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFileEvents } from '../../../src/adapters/disk/file-events.ts'
import { fairleadPaths, k3sPaths } from '../../../src/k3s/locations.ts'
import type { FileEventsPort } from '../../../src/ports/node-files-port.ts'
import { recordingLog } from './recording-log.ts'

const traefik = `${k3sPaths.manifests}/traefik.yaml`
let root: string
let hints: string[]
let events: FileEventsPort
let log: ReturnType<typeof recordingLog>

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'file-events-'))
  hints = []
  log = recordingLog()
  events = openFileEvents({ root, stateDirectory: root + fairleadPaths.state, log })
})
afterEach(async () => {
  await events.stop()
  rmSync(root, { recursive: true, force: true })
})

const start = async (): Promise<void> => await events.start((path) => hints.push(path))

/** Does something and waits until `path` is hinted at; fails after five seconds. */
async function hinted(path: string, act: () => void): Promise<void> {
  hints = []
  act()
  const deadline = performance.now() + 5_000
  while (!hints.includes(path)) {
    if (performance.now() > deadline) throw new Error(`no hint at ${path}, only at ${JSON.stringify(hints)}`)
    await sleep(2)
  }
  // What belongs to the same act has arrived before the next one begins.
  await sleep(20)
}

describe('in the manifests directory', () => {
  beforeEach(async () => {
    mkdirSync(root + k3sPaths.manifests, { recursive: true })
    writeFileSync(root + traefik, 'a')
    await start()
  })

  test('every way to change a file is hinted at, by the path that K3s knows', async () => {
    await hinted(traefik, () => writeFileSync(root + traefik, 'b'))
    await hinted(traefik, () => chmodSync(root + traefik, 0o666))
    await hinted(traefik, () => {
      writeFileSync(`${root}${traefik}.new`, 'c')
      renameSync(`${root}${traefik}.new`, root + traefik)
    })
    await hinted(traefik, () => chmodSync(root + traefik, 0o600))
    await hinted(traefik, () => unlinkSync(root + traefik))
    await hinted(traefik, () => writeFileSync(root + traefik, 'd'))
    await hinted(traefik, () => writeFileSync(root + traefik, 'e'))
  })

  test('directories made later are watched, at any depth', async () => {
    const deep = `${k3sPaths.manifests}/one/two/a.yaml`
    await hinted(deep, () => {
      mkdirSync(`${root}${k3sPaths.manifests}/one/two`, { recursive: true })
      writeFileSync(root + deep, 'a')
    })
    await hinted(deep, () => writeFileSync(root + deep, 'b'))
  })

  test('reading causes no hint, and neither do our own siblings', async () => {
    writeFileSync(`${root}${k3sPaths.manifests}/.fairlead-0123456789abcdef.tmp`, 'half')
    unlinkSync(`${root}${k3sPaths.manifests}/.fairlead-0123456789abcdef.tmp`)
    readFileSync(root + traefik)
    await hinted(`${k3sPaths.manifests}/last.yaml`, () => {
      writeFileSync(`${root}${k3sPaths.manifests}/last.yaml`, '')
    })
    expect(hints.filter((path) => path === traefik || path.endsWith('.tmp'))).toEqual([])
  })

  test('what a symlink leads to is not watched', async () => {
    mkdirSync(join(root, 'elsewhere'))
    await hinted(`${k3sPaths.manifests}/link`, () =>
      symlinkSync(join(root, 'elsewhere'), `${root}${k3sPaths.manifests}/link`),
    )
    hints = []
    writeFileSync(join(root, 'elsewhere/a.yaml'), 'a')
    await hinted(traefik, () => writeFileSync(root + traefik, 'b'))
    expect(hints.filter((path) => path.includes('a.yaml'))).toEqual([])
  })

  test('a directory that is taken away and made again is watched again', async () => {
    await hinted(traefik, () => rmSync(root + k3sPaths.manifests, { recursive: true }))
    await hinted(traefik, () => {
      mkdirSync(root + k3sPaths.manifests)
      writeFileSync(root + traefik, 'a')
    })
    await hinted(traefik, () => writeFileSync(root + traefik, 'b'))
  })

  test('a burst of writes becomes few hints', async () => {
    hints = []
    for (let number = 0; number < 500; number += 1) writeFileSync(root + traefik, String(number))
    await hinted(`${k3sPaths.manifests}/last.yaml`, () => writeFileSync(`${root}${k3sPaths.manifests}/last.yaml`, ''))
    expect(hints.length).toBeLessThan(50)
  })

  test('after stop there are no hints', async () => {
    await events.stop()
    writeFileSync(root + traefik, 'b')
    await sleep(50)
    expect(hints).toEqual([])
  })
})

describe('where nothing exists yet', () => {
  beforeEach(start)

  test('the first file in a new tree is hinted at', async () => {
    await hinted(traefik, () => {
      mkdirSync(root + k3sPaths.manifests, { recursive: true })
      writeFileSync(root + traefik, 'a')
    })
    await hinted(traefik, () => writeFileSync(root + traefik, 'b'))
    const dropIn = `${k3sPaths.configDropIns}/10-mine.yaml`
    await hinted(dropIn, () => {
      mkdirSync(root + k3sPaths.configDropIns, { recursive: true })
      writeFileSync(root + dropIn, 'a')
    })
  })

  test('requests in the state directory are hinted at, and what we write there ourselves is not', async () => {
    const at = (name: string) => `${root}${fairleadPaths.state}/${name}`
    await hinted(at('suspension.json'), () => {
      mkdirSync(root + fairleadPaths.state, { recursive: true })
      writeFileSync(at('suspension.json'), '{}')
    })
    hints = []
    writeFileSync(at('status.json'), '{}')
    await hinted(at('reconcile-request.json'), () => {
      writeFileSync(at('.fairlead-0123456789abcdef.tmp'), '{}')
      renameSync(at('.fairlead-0123456789abcdef.tmp'), at('reconcile-request.json'))
    })
    await hinted(at('suspension.json'), () => unlinkSync(at('suspension.json')))
    expect(hints.some((path) => path.endsWith('status.json'))).toBe(false)
  })

  test('the neighbours of what is missing are not looked at', async () => {
    mkdirSync(join(root, 'var/lib/docker/overlay2/deep'), { recursive: true })
    mkdirSync(join(root, 'var/lib/rancher'))
    await sleep(100)
    hints = []
    writeFileSync(join(root, 'var/lib/docker/overlay2/deep/file'), 'x')
    await hinted(traefik, () => {
      mkdirSync(root + k3sPaths.manifests, { recursive: true })
      writeFileSync(root + traefik, 'a')
    })
    expect(hints.filter((path) => path.includes('docker'))).toEqual([])
  })
})

/** Limits are counted for each user namespace, so this one's can be lowered without touching the machine's. */
const limited = (script: string, root: string) =>
  spawnSync(
    'unshare',
    [
      '--user',
      '--map-root-user',
      'sh',
      '-c',
      'echo 3 > /proc/sys/user/max_inotify_watches && exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      root,
    ],
    { encoding: 'utf8', timeout: 20_000 },
  )
const canLimit = process.platform === 'linux' && limited('', '').status === 0

test.skipIf(!canLimit)('out of inotify watches it warns, once, and goes on (needs user namespaces)', () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) mkdirSync(`${root}${k3sPaths.manifests}/${name}`, { recursive: true })
  const module = new URL('../../../src/adapters/disk/file-events.ts', import.meta.url).href
  const script = `
    import { openFileEvents } from ${JSON.stringify(module)}
    const silent = () => {}
    const log = { debug: silent, info: silent, error: silent, warn: (fields) => console.log('warn ' + fields.code) }
    const events = openFileEvents({ root: process.argv[1], stateDirectory: process.argv[1] + '/state', log })
    await events.start(silent)
    console.log('started')
    await events.stop()`
  const { stdout, status } = limited(script, root)
  expect(stdout.trim().split('\n').sort()).toEqual(['started', 'warn ENOSPC'])
  expect(status).toBe(0)
})
