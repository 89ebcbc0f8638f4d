import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cachedApiServer } from '../../scripts/build-apiserver.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'

const script = new URL('../../scripts/build-apiserver.ts', import.meta.url).pathname

const places = [
  { environment: { FAIRLEAD_CACHE: '/cache' }, directory: '/cache' },
  { environment: { FAIRLEAD_CACHE: '/cache', XDG_CACHE_HOME: '/xdg' }, directory: '/cache' },
  { environment: { FAIRLEAD_CACHE: '', XDG_CACHE_HOME: '/xdg' }, directory: '/xdg/fairlead' },
]

for (const { environment, directory } of places) {
  test(`the server is kept below ${directory} for ${JSON.stringify(environment)}`, () => {
    expect(cachedApiServer(environment)).toBe(`${directory}/kube-apiserver-1.20.2-${process.arch}`)
  })
}

test('a machine without the tools says which are missing, and that it cannot tell', async () => {
  const directory = await temporaryDirectory()
  const environment = { PATH: directory, FAIRLEAD_CACHE: directory }
  const ran = spawnSync(process.execPath, [script], { env: environment, encoding: 'utf8' })
  expect(ran.status).toBe(77)
  expect(ran.stderr).toMatch(/^SKIPPED: kube-apiserver .* needs apt-get, dpkg-source, go, make, rsync, jq, nice$/m)
})

test('a server that was built before is used, and nothing is asked for', async () => {
  const directory = await temporaryDirectory()
  const environment = { PATH: directory, FAIRLEAD_CACHE: directory }
  writeFileSync(cachedApiServer(environment), '')
  const ran = spawnSync(process.execPath, [script], { env: environment, encoding: 'utf8' })
  expect(ran.status).toBe(0)
  expect(ran.stdout.trim()).toBe(cachedApiServer(environment))
})
