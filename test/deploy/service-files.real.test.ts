import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const units = readdirSync(`${root}deploy/systemd`).filter((name) => name.endsWith('.service'))
const scripts = [...['fairlead-panic', 'fairlead-boot', 'fairlead-await-ready'].map((name) => `bin/${name}`)].concat(
  readdirSync(`${root}deploy/openrc`).map((name) => `deploy/openrc/${name}`),
)
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8')
const analyze = '/usr/bin/systemd-analyze'
const directory = mkdtempSync(join(tmpdir(), 'fairlead-units-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!existsSync(analyze))(
  `systemd reads our units${existsSync(analyze) ? '' : ' (no systemd-analyze)'}`,
  () => {
    for (const name of units) {
      test(`${name}: without a warning`, () => {
        const path = join(directory, name)
        // The one word that an installed Fairlead would have to be there for.
        writeFileSync(path, read(`deploy/systemd/${name}`).replace('/opt/fairlead/bin/node', '/bin/true'))
        const { status, stderr } = spawnSync(analyze, ['verify', path], { encoding: 'utf8' })
        expect({ status, ours: stderr.split('\n').filter((line) => line.includes('fairlead')) }).toEqual({
          status: 0,
          ours: [],
        })
      })
    }
  },
)

for (const script of scripts) {
  test(`${script} is a POSIX shell script that may be run`, () => {
    expect(statSync(`${root}${script}`).mode & 0o111).toBe(0o111)
    expect(spawnSync('/bin/sh', ['-n', `${root}${script}`]).status).toBe(0)
  })
}

for (const name of ['fairlead-agent.service', 'fairlead.service']) {
  const unit = read(`deploy/systemd/${name}`)

  test(`${name}: it is there before K3s, and the watchdog of a change outlives it`, () => {
    expect(unit).toMatch(/^Before=k3s\.service/m)
    expect(unit).toMatch(/^KillMode=process$/m)
    expect(unit).toMatch(/^OOMPolicy=continue$/m)
  })

  test(`${name}: every capability is told with what it is for`, () => {
    const granted = /^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? []
    expect(granted).toEqual(expect.arrayContaining(['CAP_NET_ADMIN', 'CAP_NET_RAW']))
    for (const capability of granted) expect(unit).toMatch(new RegExp(`^#   ${capability} `, 'm'))
  })

  test(`${name}: what it writes may be written`, () => {
    expect(unit).toMatch(/^ProtectKernelTunables=false$/m)
    const paths = unit.matchAll(/^ReadWritePaths=(.*)$/gm).flatMap(([, list = '']) => list.split(' '))
    expect([...paths]).toEqual(
      expect.arrayContaining(['/etc/rancher', '/var/lib/rancher', '/var/lib/fairlead', '/etc/sysctl.d', '/run']),
    )
  })
}

test('an agent of K3s waits for it as well, and so does OpenRC', () => {
  expect(read('deploy/systemd/fairlead-agent.service')).toMatch(/^Before=k3s\.service k3s-agent\.service$/m)
  expect(read('deploy/openrc/fairlead-agent')).toMatch(/before k3s k3s-agent/)
})

test('K3s starts after the agent is ready, and no later than 20 seconds after it was asked', () => {
  expect(read('deploy/systemd/fairlead-agent.service')).toMatch(/^ExecStartPost=-\/bin\/sh .*fairlead-await-ready$/m)
  expect(read('deploy/systemd/fairlead-agent.service')).toMatch(/^RuntimeDirectory=fairlead$/m)
  expect(read('deploy/openrc/fairlead-agent')).toMatch(/start_post\(\) \{\n\t.*fairlead-await-ready\n\}/)
  const ready = join(directory, 'ready')
  const waiting = spawn('/bin/sh', [`${root}bin/fairlead-await-ready`, ready])
  const ended = once(waiting, 'exit')
  expect(waiting.exitCode).toBeNull()
  writeFileSync(ready, '')
  return expect(ended).resolves.toEqual([0, null])
})

test('one of the two keeps a node, never both', () => {
  expect(read('deploy/systemd/fairlead-agent.service')).toMatch(/^Conflicts=fairlead\.service$/m)
  expect(read('deploy/systemd/fairlead.service')).toMatch(/^Conflicts=fairlead-agent\.service$/m)
})

test('changes of before are taken back before the network and K3s', () => {
  const unit = read('deploy/systemd/fairlead-boot.service')
  expect(unit).toMatch(/^Before=network-pre\.target k3s\.service k3s-agent\.service fairlead-agent\.service/m)
  expect(unit).not.toContain('bin/node')
})
