import { mkdirSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepHostAgent } from '../../../src/reconcile/host-agent/keep-host-agent.ts'
import { removeHostAgent } from '../../../src/reconcile/host-agent/remove-host-agent.ts'
import { textIn } from '../../lab/stand-in-host.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'
import { hostUnderTest, newHost } from './host-under-test.ts'

const signal = new AbortController().signal
const unit = 'etc/systemd/system/fairlead-agent.service'
const dropIn = 'etc/systemd/system/fairlead-agent.service.d/10-program-from-api.conf'

test('the first time, program and services are put there, checked, enabled and started', async () => {
  const ports = await hostUnderTest(await temporaryDirectory(), '1.0.0')
  expect(await keepHostAgent(ports, signal)).toBe('installed')
  const { host, programs } = ports
  const release = programs.current() ?? ''
  expect(release).toMatch(/^1\.0\.0-[0-9a-f]{12}$/)
  expect(readlinkSync(join(host.root, 'opt/fairlead'))).toBe(`fairlead-releases/${release}`)
  expect(textIn(host.root, 'opt/fairlead/dist/main.js')).toBe('program of 1.0.0')
  expect(textIn(host.root, 'opt/fairlead/dist/compiled/cache')).toBeUndefined()
  expect(statSync(join(host.root, 'opt/fairlead/bin/node')).mode & 0o777).toBe(0o755)
  expect(textIn(host.root, unit)).toBe('agent service of 1.0.0\n')
  expect(textIn(host.root, dropIn)).toContain('Environment=FAIRLEAD_SOURCE=api')
  expect(host.agentRelease).toBe(release)
  expect(host.calls.filter((call) => !call.includes('is-active'))).toEqual([
    `/opt/fairlead-releases/${release}/bin/node /opt/fairlead-releases/${release}/bin/fairlead.cjs version`,
    '/usr/bin/systemctl daemon-reload',
    '/usr/bin/systemctl enable fairlead-boot.service fairlead-agent.service',
    '/usr/bin/systemctl restart fairlead-agent.service',
  ])
})

test('a second time nothing is done, and the agent is not restarted', async () => {
  const directory = await temporaryDirectory()
  const { host } = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(await hostUnderTest(directory, '1.0.0', { host }), signal)
  host.calls.length = 0
  expect(await keepHostAgent(await hostUnderTest(directory, '1.0.0', { host }), signal)).toBe('unchanged')
  expect(host.calls.filter((call) => !call.includes('is-active'))).toEqual([])
})

test.each([
  ['an update', '1.0.0', '2.0.0'],
  ['a downgrade', '2.0.0', '1.0.0'],
])('%s restarts the agent only when the other program is there, and keeps the one before', async (_, from, to) => {
  const directory = await temporaryDirectory()
  const first = await hostUnderTest(directory, from)
  await keepHostAgent(first, signal)
  const { host } = first
  const before = host.agentRelease ?? ''
  const next = await hostUnderTest(directory, to, { host })
  const restarts: (string | undefined)[] = []
  const watching = {
    ...next,
    services: {
      ...next.services,
      restart: async () => {
        restarts.push(textIn(host.root, 'opt/fairlead/dist/main.js'), host.agentRelease)
        await next.services.restart()
      },
    },
  }
  expect(await keepHostAgent(watching, signal)).toBe('updated')
  expect(restarts).toEqual([`program of ${to}`, before])
  expect(host.agentRelease).toBe(next.programs.current())
  expect(textIn(host.root, unit)).toBe(`agent service of ${to}\n`)
  expect(readdirSync(join(host.root, 'opt/fairlead-releases')).sort()).toEqual(
    [before, next.programs.current() ?? ''].sort(),
  )
})

test('only this release and the one before it stay', async () => {
  const directory = await temporaryDirectory()
  const host = newHost(directory)
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await keepHostAgent(await hostUnderTest(directory, version, { host }), signal)
  }
  const there = readdirSync(join(host.root, 'opt/fairlead-releases')).map((name) => name.split('-')[0])
  expect(new Set(there)).toEqual(new Set(['2.0.0', '3.0.0']))
})

test('a release whose Node this host cannot run is never put in use', async () => {
  const directory = await temporaryDirectory()
  const first = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(first, signal)
  const { host } = first
  const before = host.agentRelease
  const next = await hostUnderTest(directory, '2.0.0', { host })
  host.foreign.add(next.programs.copy())
  host.calls.length = 0
  await expect(keepHostAgent(next, signal)).rejects.toMatchObject({
    message: expect.stringContaining('ld-linux-x86-64.so.2'),
    detail: { code: 'HOST_CANNOT_RUN' },
  })
  expect([host.agentRelease, next.programs.current()]).toEqual([before, before])
  expect(textIn(host.root, unit)).toBe('agent service of 1.0.0\n')
  expect(host.calls.filter((call) => call.includes('restart'))).toEqual([])
})

test('a release whose agent does not stay up gives way to the one before, and this is told', async () => {
  const directory = await temporaryDirectory()
  const first = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(first, signal)
  const { host } = first
  const before = host.agentRelease ?? ''
  const next = await hostUnderTest(directory, '2.0.0', { host })
  host.falling.add(next.programs.copy())
  await expect(keepHostAgent(next, signal)).rejects.toMatchObject({
    message: expect.stringContaining(`${before} runs again`),
    detail: { code: 'HOST_AGENT_FELL_OVER' },
  })
  expect([host.agentRelease, next.programs.current()]).toEqual([before, before])
  expect(textIn(host.root, unit)).toBe('agent service of 1.0.0\n')
})

test('an agent that holds a risky change is left alone until it is confirmed', async () => {
  const directory = await temporaryDirectory()
  const first = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(first, signal)
  const { host } = first
  const folder = join(host.root, 'var/lib/fairlead/checkpoint/000007')
  mkdirSync(folder, { recursive: true })
  for (const name of ['rollback.sh', 'armed.json', 'phase']) writeFileSync(join(folder, name), 'applying\n')
  let looks = 0
  const onSleep = (): void => {
    looks += 1
    if (looks === 30) writeFileSync(join(folder, 'decision'), 'confirmed by probes\n')
    if (looks < 30) expect(host.agentRelease).toMatch(/^1\.0\.0/)
  }
  const next = await hostUnderTest(directory, '2.0.0', { host, onSleep })
  expect(await keepHostAgent(next, signal)).toBe('updated')
  expect(looks).toBeGreaterThanOrEqual(30)
})

test('a change that is never decided ends the attempt, with the agent as it was', async () => {
  const directory = await temporaryDirectory()
  const first = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(first, signal)
  const folder = join(first.host.root, 'var/lib/fairlead/checkpoint/000001')
  mkdirSync(folder, { recursive: true })
  for (const name of ['rollback.sh', 'armed.json']) writeFileSync(join(folder, name), '')
  const next = await hostUnderTest(directory, '2.0.0', { host: first.host })
  await expect(keepHostAgent(next, signal)).rejects.toMatchObject({ detail: { code: 'HOST_CHANGE_OPEN' } })
  expect(first.host.agentRelease).toMatch(/^1\.0\.0/)
})

test('what somebody put there by hand stays, and is told', async () => {
  const directory = await temporaryDirectory()
  const ports = await hostUnderTest(directory, '1.0.0')
  mkdirSync(join(ports.host.root, 'opt/fairlead/bin'), { recursive: true })
  await expect(keepHostAgent(ports, signal)).rejects.toMatchObject({ detail: { code: 'HOST_PLACE_TAKEN' } })
  await expect(removeHostAgent(ports, signal)).rejects.toMatchObject({ detail: { code: 'HOST_PLACE_TAKEN' } })
  expect(statSync(join(ports.host.root, 'opt/fairlead/bin')).isDirectory()).toBe(true)
})

test('a host that fairlead run keeps is not taken over', async () => {
  const ports = await hostUnderTest(await temporaryDirectory(), '1.0.0')
  ports.host.others.add('fairlead.service')
  await expect(keepHostAgent(ports, signal)).rejects.toMatchObject({ detail: { code: 'HOST_KEPT_BY_RUN' } })
  expect(readdirSync(join(ports.host.root, 'opt'))).toEqual([])
})

test('a host without systemd and OpenRC is told so', async () => {
  const directory = await temporaryDirectory()
  await expect(hostUnderTest(directory, '1.0.0', { host: newHost(directory, 'none') })).rejects.toMatchObject({
    detail: { code: 'HOST_INIT_UNKNOWN' },
  })
})

test('OpenRC gets scripts that may be run, and settings that it keeps as somebody changed them', async () => {
  const directory = await temporaryDirectory()
  const host = newHost(directory, 'openrc')
  await keepHostAgent(await hostUnderTest(directory, '1.0.0', { host }), signal)
  expect(statSync(join(host.root, 'etc/init.d/fairlead-agent')).mode & 0o777).toBe(0o755)
  expect(textIn(host.root, 'etc/conf.d/fairlead-agent')).toContain('export FAIRLEAD_SOURCE=api')
  expect(host.calls).toEqual(
    expect.arrayContaining([
      '/sbin/rc-update add fairlead-boot boot',
      '/sbin/rc-update add fairlead-agent default',
      '/sbin/rc-service fairlead-agent restart',
    ]),
  )
  writeFileSync(join(host.root, 'etc/conf.d/fairlead-agent'), 'export FAIRLEAD_NODE=pi-1\n')
  expect(await keepHostAgent(await hostUnderTest(directory, '1.0.0', { host }), signal)).toBe('unchanged')
  expect(textIn(host.root, 'etc/conf.d/fairlead-agent')).toBe('export FAIRLEAD_NODE=pi-1\n')
})

test('an agent that was stopped, or still is the release of before, is started', async () => {
  const directory = await temporaryDirectory()
  const first = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(first, signal)
  first.host.stopAgent()
  expect(await keepHostAgent(await hostUnderTest(directory, '1.0.0', { host: first.host }), signal)).toBe('restarted')
  expect(first.host.agentRelease).toBe(first.programs.current())
})

test('a link of the host is followed on the host, never out of it', async () => {
  const directory = await temporaryDirectory()
  const host = newHost(directory)
  mkdirSync(join(host.root, 'var/opt'), { recursive: true })
  rmSync(join(host.root, 'opt'), { recursive: true })
  symlinkSync('/var/opt', join(host.root, 'opt'))
  const ports = await hostUnderTest(directory, '1.0.0', { host })
  ports.programs.use(ports.programs.copy())
  expect(textIn(host.root, 'var/opt/fairlead/dist/main.js')).toBe('program of 1.0.0')
})

test('removing takes everything of ours, the kernel first and the programs last', async () => {
  const directory = await temporaryDirectory()
  const ports = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(ports, signal)
  const { host } = ports
  mkdirSync(join(host.root, 'var/lib/fairlead'), { recursive: true })
  const release = host.agentRelease
  host.calls.length = 0
  expect(await removeHostAgent(ports, signal)).toBe(true)
  expect(host.calls).toEqual([
    '/usr/bin/systemctl stop fairlead-agent.service',
    `/opt/fairlead-releases/${release}/bin/node /opt/fairlead-releases/${release}/bin/fairlead.cjs agent uninstall --yes`,
    '/usr/bin/systemctl disable fairlead-boot.service fairlead-agent.service',
    '/usr/bin/systemctl daemon-reload',
  ])
  expect(readdirSync(join(host.root, 'opt'))).toEqual([])
  expect(readdirSync(join(host.root, 'etc/systemd/system'))).toEqual([])
  expect(statSync(join(host.root, 'var/lib/fairlead')).isDirectory()).toBe(true)
  expect(await removeHostAgent(ports, signal)).toBe(false)
})

test('an agent that holds a risky change is not taken off before it is confirmed', async () => {
  const directory = await temporaryDirectory()
  const first = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(first, signal)
  const { host } = first
  const folder = join(host.root, 'var/lib/fairlead/checkpoint/000003')
  mkdirSync(folder, { recursive: true })
  for (const name of ['rollback.sh', 'armed.json', 'phase']) writeFileSync(join(folder, name), 'probing\n')
  host.calls.length = 0
  const callsWhileOpen: number[] = []
  const onSleep = (): void => {
    callsWhileOpen.push(host.calls.length)
    expect(host.agentRelease).toMatch(/^1\.0\.0/)
    if (callsWhileOpen.length === 20) writeFileSync(join(folder, 'decision'), 'confirmed by probes\n')
  }
  const ports = await hostUnderTest(directory, '1.0.0', { host, onSleep })
  expect(await removeHostAgent(ports, signal)).toBe(true)
  expect(callsWhileOpen).toEqual(Array.from({ length: 20 }, () => 0))
  expect(host.agentRelease).toBeUndefined()
})

test('an agent whose change is never decided stays, and what is to be done is told', async () => {
  const directory = await temporaryDirectory()
  const ports = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(ports, signal)
  const folder = join(ports.host.root, 'var/lib/fairlead/checkpoint/000001')
  mkdirSync(folder, { recursive: true })
  for (const name of ['rollback.sh', 'armed.json']) writeFileSync(join(folder, name), '')
  await expect(removeHostAgent(ports, signal)).rejects.toMatchObject({
    detail: { code: 'HOST_CHANGE_OPEN', fix: expect.stringContaining('fairlead confirm') },
  })
  expect(ports.host.agentRelease).toMatch(/^1\.0\.0/)
})

test('programs stay where something of ours could not be taken out of the kernel', async () => {
  const directory = await temporaryDirectory()
  const ports = await hostUnderTest(directory, '1.0.0')
  await keepHostAgent(ports, signal)
  ports.host.foreign.add(ports.programs.current() ?? '')
  await expect(removeHostAgent(ports, signal)).rejects.toMatchObject({ detail: { code: 'HOST_KERNEL_KEPT' } })
  expect(textIn(ports.host.root, 'opt/fairlead/dist/main.js')).toBe('program of 1.0.0')
})
