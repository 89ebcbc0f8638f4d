import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { machineBootClock } from '../../../src/adapters/checkpoint/boot-clock.ts'
import { type CheckpointOptions, openCheckpoints } from '../../../src/adapters/checkpoint/node-checkpoints.ts'
import { openCommands } from '../../../src/adapters/command/node-command.ts'
import type { InverseStep } from '../../../src/domain/inverse.ts'
import { rollbackReasons } from '../../../src/domain/rollback-reason.ts'
import type { CommandPort } from '../../../src/ports/command-port.ts'
import { eventually, sampleChange, writeOld } from './sample-change.ts'

let home = ''
let value = ''
let directory = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fairlead-it's-"))
  value = join(home, 'value')
  directory = join(home, 'checkpoint')
  writeFileSync(value, 'new\n')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const open = (options: Partial<CheckpointOptions> = {}) =>
  openCheckpoints({ directory, commands: openCommands(), systemdDirectory: join(home, 'none'), ...options })
const current = (): string => readFileSync(value, 'utf8').trim()
const folder = (id: string): string => join(directory, id)

/** Processes whose arguments name this test's directory: watchdogs and ways back. */
function processesLeft(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory)
    } catch {
      return false
    }
  })
}

async function inForce(checkpoints: ReturnType<typeof open>, changes: Parameters<typeof sampleChange>[1] = {}) {
  const armed = await checkpoints.arm(sampleChange(value, changes))
  await checkpoints.advance(armed.id, 'applying')
  await checkpoints.advance(armed.id, 'probing')
  return armed
}

describe('a change that is armed', () => {
  test('is on the disk whole, with scripts that a shell reads, before arm returns', async () => {
    const { id, phase } = await open().arm(sampleChange(value))
    expect(phase).toBe('armed')
    expect(await open().current()).toMatchObject({ id, phase: 'armed', program: 'sha256:aa' })
    for (const script of ['rollback.sh', 'watchdog.sh']) {
      expect(spawnSync('/bin/sh', ['-n', join(folder(id), script)]).status).toBe(0)
      expect(statSync(join(folder(id), script)).mode & 0o077).toBe(0)
    }
    expect(processesLeft()).not.toEqual([])
    await open().rollBack(id, 'over')
  })

  test('is confirmed once, and its watchdogs end', async () => {
    const checkpoints = open()
    const { id } = await inForce(checkpoints)
    expect(await checkpoints.confirm(id)).toBe(true)
    expect(await checkpoints.confirm(id)).toBe(true)
    await eventually(() => processesLeft().length === 0, 2_000)
    expect(current()).toBe('new')
    expect((await checkpoints.current())?.phase).toBe('confirmed')
    expect(await checkpoints.rollBack(id, 'too late')).toBe(false)
    expect(current()).toBe('new')
  })

  test('can be confirmed by another process, which ends the watchdogs as well', async () => {
    const { id } = await inForce(open())
    expect(await open().confirm(id)).toBe(true)
    await eventually(() => processesLeft().length === 0, 2_000)
    expect(current()).toBe('new')
  })

  test('is not confirmed before it is in force', async () => {
    const checkpoints = open()
    const { id } = await checkpoints.arm(sampleChange(value))
    await expect(checkpoints.confirm(id)).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_FAILED' } })
    await checkpoints.rollBack(id, 'over')
  })

  test('is taken back when asked, with the reason, and nothing of it is left running', async () => {
    const checkpoints = open()
    const { id } = await inForce(checkpoints)
    expect(await checkpoints.rollBack(id, 'no answer afterwards: dns\nreboot')).toBe(true)
    expect(current()).toBe('old')
    expect(await checkpoints.current()).toMatchObject({
      phase: 'rolled-back',
      reason: 'no answer afterwards: dns reboot',
    })
    expect(await checkpoints.confirm(id)).toBe(false)
    await eventually(() => processesLeft().length === 0, 2_000)
  })

  test('is taken back at its deadline although the process that armed it lives', async () => {
    const checkpoints = open()
    const { id } = await inForce(checkpoints, { confirmTimeoutMs: 1_000 })
    const { leftMs } = (await checkpoints.times(id)) ?? { leftMs: 0 }
    expect(leftMs).toBeGreaterThan(500)
    expect(leftMs).toBeLessThanOrEqual(1_000)
    await eventually(async () => (await checkpoints.current())?.phase === 'rolled-back', 3_000)
    expect(current()).toBe('old')
    expect((await checkpoints.current())?.reason).toBe(rollbackReasons.deadline)
    expect(await checkpoints.confirm(id)).toBe(false)
    await expect(checkpoints.advance(id, 'probing')).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_ENDED' } })
  })

  test('is taken back once more by a process that wrote after its watchdogs', async () => {
    const checkpoints = open()
    const { id } = await inForce(checkpoints, { confirmTimeoutMs: 1_000 })
    await eventually(async () => (await checkpoints.current())?.phase === 'rolled-back', 3_000)
    writeFileSync(value, 'written late\n')
    expect(await checkpoints.rollBack(id, 'late')).toBe(true)
    expect(current()).toBe('old')
    expect((await checkpoints.current())?.reason).toBe(rollbackReasons.deadline)
  })

  for (const [victim, index] of [
    ['the timer', 1],
    ['the shell that waits for the pipe', 2],
  ] as const) {
    test(`is taken back when ${victim} was killed`, async () => {
      const checkpoints = open()
      const { id } = await inForce(checkpoints, { confirmTimeoutMs: 1_000 })
      const pids = readFileSync(join(folder(id), 'watchdog.pids'), 'utf8')
        .trim()
        .split(' ')
        .map(Number)
      process.kill(pids[index] ?? 0, 'SIGKILL')
      await eventually(async () => (await checkpoints.current())?.phase === 'rolled-back', 3_000)
      expect(current()).toBe('old')
    })
  }
})

describe('one at a time', () => {
  test('case 63: a second change is refused while the first is open', async () => {
    const checkpoints = open()
    const { id } = await checkpoints.arm(sampleChange(value))
    await expect(open().arm(sampleChange(value))).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_BUSY' } })
    await checkpoints.rollBack(id, 'over')
  })

  test('of many that start at once exactly one is armed, in one process and without leftovers', async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => open().arm(sampleChange(value))))
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.detail.code] : []))
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'CHECKPOINT_BUSY'))
    expect(readdirSync(directory)).toEqual(['000001'])
    await open().rollBack('000001', 'over')
  })

  test('an older change is not taken back under a newer one', async () => {
    const checkpoints = open()
    const first = await inForce(checkpoints)
    await checkpoints.rollBack(first.id, 'over')
    const second = await inForce(checkpoints)
    await expect(checkpoints.rollBack(first.id, 'x')).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_UNKNOWN' } })
    await checkpoints.confirm(second.id)
  })

  test('the last five that ended are kept', async () => {
    const checkpoints = open()
    for (let round = 0; round < 8; round += 1) await checkpoints.confirm((await inForce(checkpoints)).id)
    expect(readdirSync(directory)).toEqual(['000003', '000004', '000005', '000006', '000007', '000008'])
    expect((await checkpoints.recent()).map(({ id }) => id)).toEqual(['000008', '000007', '000006', '000005', '000004'])
  })
})

describe('the way back', () => {
  const failingUntil = (marker: string, times: number): InverseStep => ({
    kind: 'run',
    argv: ['/bin/sh', '-c', `echo x >>'${marker}'; [ "$(wc -l <'${marker}')" -gt ${times} ]`],
  })

  test('case 57: is tried again when a step fails once', async () => {
    const marker = join(home.replace("'", ''), '..', `marker-${process.pid}`)
    const checkpoints = open()
    const { id } = await inForce(checkpoints, { inverse: [failingUntil(marker, 1), writeOld(value)] })
    expect(await checkpoints.rollBack(id, 'x')).toBe(true)
    expect(readFileSync(marker, 'utf8')).toBe('x\nx\n')
    rmSync(marker)
    expect(await checkpoints.current()).toMatchObject({ phase: 'rolled-back' })
    expect(await checkpoints.current()).not.toHaveProperty('rollbackFailed')
  })

  test('that fails five times runs the emergency script and says so, apart from the reason', async () => {
    const emergency = join(home, 'emergency')
    writeFileSync(emergency, `#!/bin/sh\necho "$1" >"$(dirname "$0")/called"\n`)
    const checkpoints = open({ emergency })
    const { id } = await inForce(checkpoints, { inverse: [{ kind: 'run', argv: ['/bin/false'] }, writeOld(value)] })
    await expect(checkpoints.rollBack(id, 'no dns')).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_FAILED' } })
    expect(readFileSync(join(folder(id), 'called'), 'utf8')).toBe('--filter-only\n')
    expect(await checkpoints.current()).toMatchObject({
      phase: 'rolled-back',
      reason: 'no dns',
      rollbackFailed: true,
    })
    // A step that fails does not keep the ones behind it from being run.
    expect(current()).toBe('old')
    expect(readFileSync(join(folder(id), 'rollback.log'), 'utf8')).toContain('step 001: exit status 1')
  })

  const quietCases: readonly { readonly name: string; readonly steps: (marker: string) => readonly InverseStep[] }[] = [
    { name: 'a step that may fail', steps: () => [{ kind: 'run', argv: ['/bin/false'], mayFail: true }] },
    { name: 'a program until it fails', steps: () => [{ kind: 'until-gone', argv: ['/bin/false'] }] },
    { name: 'a setting that is gone', steps: () => [{ kind: 'write', path: '/proc/sys/net/none', text: '1' }] },
    {
      name: 'a repair that is not needed',
      steps: () => [{ kind: 'ensure', check: ['/bin/true'], argv: ['/bin/false'] }],
    },
    {
      name: 'a repair that is needed',
      steps: (marker) => [{ kind: 'ensure', check: ['/bin/false'], argv: ['/usr/bin/touch', marker] }],
    },
  ]
  for (const { name, steps } of quietCases) {
    test(`goes on after ${name}`, async () => {
      const checkpoints = open()
      const { id } = await inForce(checkpoints, { inverse: [...steps(join(home, 'made')), writeOld(value)] })
      expect(await checkpoints.rollBack(id, 'x')).toBe(true)
      expect(current()).toBe('old')
      expect(existsSync(join(home, 'made'))).toBe(name === 'a repair that is needed')
    })
  }

  for (const [name, argv] of [
    ['never ends to succeed', ['/bin/true']],
    ['could not get a lock', ['/bin/sh', '-c', 'exit 4']],
    ['is not installed', ['/sbin/none']],
  ] as const) {
    test(`has failed when a program that is to run until it fails ${name}`, async () => {
      const checkpoints = open()
      const { id } = await inForce(checkpoints, {
        inverse: [{ kind: 'until-gone', argv: [argv[0], ...argv.slice(1)] }],
      })
      await expect(checkpoints.rollBack(id, 'x')).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_FAILED' } })
    })
  }

  test('has failed when its payload is gone', async () => {
    const checkpoints = open()
    const { id } = await inForce(checkpoints, { inverse: [{ kind: 'run', argv: ['/bin/cat'], input: 'x' }] })
    rmSync(join(folder(id), 'inverse'), { recursive: true })
    await expect(checkpoints.rollBack(id, 'x')).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_FAILED' } })
  })

  test('is taken over from a runner that was killed', async () => {
    const checkpoints = open()
    const slow: InverseStep = { kind: 'run', argv: ['/bin/sh', '-c', 'sleep 0.4'] }
    const { id } = await inForce(checkpoints, { inverse: [slow, writeOld(value)] })
    const script = join(folder(id), 'rollback.sh')
    const first = spawnSync('timeout', ['-s', 'KILL', '0.2', 'sh', script, 'asked'])
    expect(first.status === 137 || first.signal === 'SIGKILL').toBe(true)
    expect(current()).toBe('new')
    expect((await checkpoints.current())?.phase).toBe('rolling-back')
    expect(spawnSync('sh', [script, 'deadline']).status).toBe(0)
    expect(current()).toBe('old')
    expect((await checkpoints.current())?.reason).toBe(rollbackReasons.asked)
    await checkpoints.rollBack(id, 'x')
  })
})

describe('after the process or the machine went down', () => {
  test('another boot marks the change as taken back and runs nothing', async () => {
    const { id } = await inForce(open())
    const boot = { ...machineBootClock, bootId: () => 'another' }
    expect(await open({ boot }).recover()).toMatchObject({ id, phase: 'rolled-back', reason: rollbackReasons.boot })
    expect(current()).toBe('new')
    expect(await open({ boot }).recover()).toBeUndefined()
    expect(await open({ boot }).times(id)).toBeUndefined()
    await open().rollBack(id, 'over')
  })

  test('a change whose process lives is left to it', async () => {
    const checkpoints = open()
    const { id } = await inForce(checkpoints)
    expect(await open().recover()).toBeUndefined()
    expect(await checkpoints.confirm(id)).toBe(true)
    expect(await open().recover()).toBeUndefined()
  })

  test('the boot script takes back what another boot left, with one try, and leaves this boot alone', async () => {
    const script = new URL('../../../bin/fairlead-boot', import.meta.url).pathname
    const { id } = await inForce(open(), { inverse: [{ kind: 'run', argv: ['/bin/false'] }, writeOld(value)] })
    expect(spawnSync('sh', [script, '--state', home]).status).toBe(0)
    expect(current()).toBe('new')
    writeFileSync(join(folder(id), 'boot'), 'another\n')
    expect(spawnSync('sh', [script, '--state', home]).status).toBe(0)
    expect(current()).toBe('old')
    expect(await open().current()).toMatchObject({ phase: 'rolled-back', reason: rollbackReasons.boot })
    expect(await open().current()).not.toHaveProperty('rollbackFailed')
    writeFileSync(value, 'new\n')
    expect(spawnSync('sh', [script, '--state', home]).status).toBe(0)
    expect(current()).toBe('new')
  })
})

describe('nothing is applied without a watch', () => {
  test('without a shell there is no checkpoint', async () => {
    const commands: CommandPort = { ...openCommands(), find: async () => undefined }
    await expect(open({ commands }).arm(sampleChange(value))).rejects.toMatchObject({
      detail: { code: 'CHECKPOINT_UNARMED' },
    })
    expect(await open().current()).toBeUndefined()
  })

  test('a shell that does nothing is found out, and the change ends as not applied', async () => {
    const real = openCommands()
    const commands: CommandPort = {
      ...real,
      find: async (program) => (program === 'sh' ? '/bin/true' : await real.find(program)),
    }
    await expect(open({ commands }).arm(sampleChange(value))).rejects.toMatchObject({
      detail: { code: 'CHECKPOINT_UNARMED' },
    })
    expect(await open().current()).toMatchObject({ phase: 'rolled-back', reason: rollbackReasons.unarmed })
    expect(current()).toBe('new')
  })

  test('a folder that others may write to is refused', async () => {
    mkdirSync(directory)
    chmodSync(directory, 0o777)
    await expect(open().arm(sampleChange(value))).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_FAILED' } })
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('where systemd is the first process (its programs are stand-ins here)', () => {
  function withSystemd(isActive: number, starts = 0) {
    const calls: (readonly string[])[] = []
    const real = openCommands()
    const commands: CommandPort = {
      ...real,
      find: async (program) => (program.startsWith('system') ? `/fake/${program}` : await real.find(program)),
      run: async (argv, options) => {
        if (!argv[0].startsWith('/fake/')) return await real.run(argv, options)
        calls.push(argv)
        const code = argv[0].endsWith('systemd-run') ? starts : argv[1] === 'is-active' ? isActive : 0
        return { code, stdout: code === 0 ? 'active\n' : 'failed\n', stderr: '', tookMs: 1 }
      },
    }
    return { calls, checkpoints: open({ commands, systemdDirectory: home }) }
  }

  test('a transient timer is armed as well, proven active, and stopped after the confirmation', async () => {
    const { calls, checkpoints } = withSystemd(0)
    const { id } = await inForce(checkpoints, { confirmTimeoutMs: 60_000 })
    await checkpoints.confirm(id)
    expect(calls).toEqual([
      [
        '/fake/systemd-run',
        '--quiet',
        '--collect',
        `--unit=fairlead-rollback-${id}`,
        '--on-active=60s',
        '--timer-property=AccuracySec=100ms',
        expect.stringMatching(/\/sh$/),
        join(folder(id), 'rollback.sh'),
        'deadline',
      ],
      ['/fake/systemctl', 'is-active', `fairlead-rollback-${id}.timer`],
      ['/fake/systemctl', 'stop', `fairlead-rollback-${id}.timer`],
    ])
  })

  for (const [name, isActive, starts] of [
    ['is not active afterwards', 3, 0],
    ['is refused', 0, 1],
  ] as const) {
    test(`a timer that ${name} ends the change before it is applied`, async () => {
      const { checkpoints } = withSystemd(isActive, starts)
      await expect(checkpoints.arm(sampleChange(value))).rejects.toMatchObject({
        detail: { code: 'CHECKPOINT_UNARMED' },
      })
      expect(await checkpoints.current()).toMatchObject({ phase: 'rolled-back', reason: rollbackReasons.unarmed })
      await eventually(() => processesLeft().length === 0, 2_000)
    })
  }
})
