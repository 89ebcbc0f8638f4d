import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCheckpoint } from '../../src/adapters/checkpoint/checkpoint-folder.ts'
import { prepareCheckpoint } from '../../src/adapters/checkpoint/prepare-checkpoint.ts'
import { openNodeState } from '../../src/adapters/disk/node-state.ts'
import { recordingLog } from '../lab/recording-log.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../netns/namespace.ts'

const why = await whyNoNamespaces(['ip', 'nft', 'ipset', 'iptables-nft', 'iptables-legacy', 'ip6tables-nft'])
const script = new URL('../../bin/fairlead-panic', import.meta.url).pathname
const shells = [['/bin/dash'], ['/bin/busybox', 'sh'], ['/bin/bash', '--posix']].filter(([path = '']) =>
  existsSync(path),
)

let node: Namespace
let state = ''
beforeEach(async () => {
  if (why !== undefined) return
  state = mkdtempSync(join(tmpdir(), 'fairlead-panic-'))
  node = await newNamespace('panic')
})
afterEach(async () => {
  if (why === undefined) await node.down()
  rmSync(state, { recursive: true, force: true })
})

const told = {
  program: 'p',
  revision: 'r',
  confirmTimeoutMs: 60_000,
  required: [],
  changes: [],
  isManual: false,
}
const families = ['iptables', 'ip6tables']
const lock = () => `XTABLES_LOCKFILE=${state}.lock`

async function panic(shell: readonly string[], ...words: string[]) {
  return await node.commands.run(['/usr/bin/env', lock(), ...shell, script, '--state', state, ...words])
}

async function restore(backend: string, text: string): Promise<void> {
  for (const family of families) {
    const command = `/usr/sbin/${family}-${backend}-restore`
    await node.run(['/usr/bin/env', lock(), command, '-w', '5', '--noflush'], text)
  }
}

/** What others have, with counters apart: chains, rules, comments that name chains of ours, and ends that look like jumps. */
const foreign = `*filter
:OTHER - [0:0]
-A INPUT -p udp -m udp --dport 5 -j ACCEPT
-A OTHER -m comment --comment "goes -j FAIRLEAD-INPUT" -j ACCEPT
-A OTHER -m comment --comment FAIRLEAD-INPUT -j DROP
-A INPUT -j OTHER
COMMIT
*nat
-A POSTROUTING -p tcp -j MASQUERADE
COMMIT
*mangle
-A PREROUTING -p udp -j ACCEPT
COMMIT
`
const ours = `*filter
:FAIRLEAD-INPUT - [0:0]
:FAIRLEAD-SUB - [0:0]
-A FAIRLEAD-INPUT -m comment --comment "fairlead:abcdefghijkl" -j FAIRLEAD-SUB
-A FAIRLEAD-SUB -j DROP
-I INPUT 1 -m comment --comment "fairlead:abcdefghijkm" -j FAIRLEAD-INPUT
-A OTHER -g FAIRLEAD-SUB
COMMIT
*mangle
:FAIRLEAD-PREROUTING - [0:0]
-A FAIRLEAD-PREROUTING -p tcp -m conntrack --ctstate INVALID -j DROP
-A PREROUTING -m comment --comment "fairlead:abcdefghijkn" -j FAIRLEAD-PREROUTING
COMMIT
`

async function saved(backend: string): Promise<string> {
  const texts = await Promise.all(families.map((family) => node.run([`/usr/sbin/${family}-${backend}-save`])))
  return texts
    .join('')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
    .join('\n')
}

describe.skipIf(why !== undefined)(`fairlead-panic${why === undefined ? '' : ` (${why})`}`, () => {
  for (const backend of ['nft', 'legacy']) {
    for (const shell of shells) {
      test(`${backend}, ${shell.join(' ')}: rules of others are what they were without ours`, async () => {
        await restore(backend, foreign)
        if (backend === 'legacy') {
          await node.run(['/usr/sbin/iptables-nft', '-A', 'INPUT', '-s', '192.0.2.1', '-j', 'DROP'])
        }
        const before = await saved(backend)
        const others = await saved('nft')
        await restore(backend, ours)
        const { code, stderr } = await panic(shell)
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        expect(await saved(backend)).toBe(before)
        expect(await saved('nft')).toBe(others)
        expect(before).toContain('goes -j FAIRLEAD-INPUT')
      })
    }
  }

  test('with both backends in use both are cleared, and the table and the sets besides', async () => {
    await node.run(['/usr/sbin/ipset', 'create', 'FAIRLEAD4-lan', 'hash:net'])
    await node.run(['/usr/sbin/ipset', 'create', 'theirs', 'hash:net'])
    await restore('nft', `${foreign}${ours}`)
    await restore('legacy', `${foreign}${ours}`)
    const match = '-m set --match-set FAIRLEAD4-lan src'
    await node.run(['/usr/sbin/iptables-nft', ...`-A FAIRLEAD-SUB ${match} -j ACCEPT`.split(' ')])
    await node.run(
      ['/usr/sbin/nft', '-f', '-'],
      'table inet fairlead {\n chain a {\n type filter hook input priority 0\n drop\n }\n}\n',
    )
    await node.run(['/usr/sbin/nft', 'add', 'table', 'inet', 'theirs'])
    expect((await panic(['/bin/sh'])).code).toBe(0)
    for (const backend of ['nft', 'legacy']) expect(await saved(backend)).not.toContain(':FAIRLEAD')
    expect(await node.run(['/usr/sbin/nft', 'list', 'tables'])).not.toContain('inet fairlead')
    expect(await node.run(['/usr/sbin/nft', 'list', 'tables'])).toContain('inet theirs')
    expect((await node.run(['/usr/sbin/ipset', 'list', '-n'])).trim()).toBe('theirs')
  })

  test('tables of the legacy backend are not made by looking for them', async () => {
    await restore('nft', `${foreign}${ours}`)
    expect((await panic(['/bin/sh'])).code).toBe(0)
    expect(await node.run(['/bin/cat', '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'])).toBe('')
  })

  test('it suspends first, in the words of fairlead suspend, and leaves an earlier suspension alone', async () => {
    const log = recordingLog()
    await panic(['/bin/sh'])
    const first = await openNodeState({ stateDirectory: state, log }).readSuspension()
    expect(first).toMatchObject({ by: 'fairlead-panic', reason: 'everything was taken out of the packet path' })
    expect(Date.parse(first?.since ?? '')).toBeGreaterThan(Date.now() - 60_000)
    await panic(['/bin/sh'])
    expect(await openNodeState({ stateDirectory: state, log }).readSuspension()).toEqual(first)
  })

  test('for the way back of a change it touches neither the suspension nor routes', async () => {
    await restore('nft', ours.replace('-A OTHER -g FAIRLEAD-SUB\n', ''))
    await node.run(['/usr/sbin/ip', 'route', 'add', '10.9.0.0/16', 'dev', 'lo', 'proto', '201'])
    expect((await panic(['/bin/sh'], '--filter-only')).code).toBe(0)
    expect(existsSync(join(state, 'suspension.json'))).toBe(false)
    expect(await saved('nft')).not.toContain('FAIRLEAD')
    expect(await node.run(['/usr/sbin/ip', 'route', 'show', '10.9.0.0/16'])).toContain('10.9.0.0/16')
  })

  test('with --routes the routes and rules with our number go, and no others', async () => {
    const ip = async (...words: string[]) => await node.run(['/usr/sbin/ip', ...words])
    await ip('route', 'add', '10.8.0.0/16', 'dev', 'lo', 'proto', '202')
    await ip('rule', 'add', 'to', '10.2.0.0/16', 'lookup', '77', 'pref', '6000')
    const before = [await ip('route', 'show', 'table', 'all'), await ip('rule'), await ip('-6', 'rule')]
    await ip('route', 'add', '10.9.0.0/16', 'dev', 'lo', 'proto', '201')
    await ip('route', 'add', '10.7.0.0/16', 'dev', 'lo', 'proto', '201', 'table', '7100')
    await ip('-6', 'route', 'add', 'fd77::/64', 'dev', 'lo', 'proto', '201')
    await ip('rule', 'add', 'to', '10.1.0.0/16', 'lookup', '7100', 'pref', '5300', 'proto', '201')
    await ip('-6', 'rule', 'add', 'to', 'fd77::/64', 'lookup', '7100', 'pref', '5301', 'proto', '201')
    expect(await panic(['/bin/sh'], '--routes')).toMatchObject({ code: 0, stderr: '' })
    expect([await ip('route', 'show', 'table', 'all'), await ip('rule'), await ip('-6', 'rule')]).toEqual(before)
  })

  test('a change that is open is taken back, and what its way back brings goes as well', async () => {
    const folder = join(state, 'checkpoint', '000001')
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'rollback.sh'),
      `#!/bin/sh\niptables-nft -N FAIRLEAD-OLD\niptables-nft -A INPUT -j FAIRLEAD-OLD\necho "$1" >"${state}/ran"\n`,
    )
    expect(await panic(['/bin/sh'])).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(join(state, 'ran'))).toBe(true)
    expect(await saved('nft')).not.toContain('FAIRLEAD')
  })

  test('the verb runs the very same script, with the state of its root', async () => {
    await restore('nft', ours.replace('-A OTHER -g FAIRLEAD-SUB\n', ''))
    mkdirSync(join(state, 'var/lib/fairlead'), { recursive: true, mode: 0o700 })
    const verb = new URL('run-panic.ts', import.meta.url).pathname
    const ran = await node.commands.run([process.execPath, verb, state])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toContain('everything of Fairlead is out of the packet path')
    expect(await saved('nft')).not.toContain('FAIRLEAD')
    expect(existsSync(join(state, 'var/lib/fairlead/suspension.json'))).toBe(true)
  })

  test.each([
    ['a rule that ends the listing', 'add rule ip filter INPUT meta cpu 0 counter accept'],
    ['a rule that hides the table', 'add rule ip filter INPUT ct state vmap { established : accept, invalid : drop }'],
  ])('%s, of somebody else, does not keep ours in the packet path', async (_, native) => {
    const ours = `*filter
:OTHER - [0:0]
:FAIRLEAD-INPUT - [0:0]
:FAIRLEAD-B - [0:0]
-A FAIRLEAD-INPUT -p tcp --dport 22 -m comment --comment fairlead:aaaaaaaaaaaa -j DROP
-A FAIRLEAD-INPUT -m comment --comment fairlead:bbbbbbbbbbbb -j FAIRLEAD-B
-A OTHER -m comment --comment "x -j FAIRLEAD-B" -j ACCEPT
-A INPUT -m comment --comment fairlead:cccccccccccc -j FAIRLEAD-INPUT
-A INPUT -j OTHER
COMMIT
`
    await node.run(['/usr/sbin/iptables-nft-restore', '--noflush'], ours)
    await node.run(['nft', '-f', '-'], `${native}\n`)
    const { code, stdout, stderr } = await panic(['/bin/sh'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('out of the packet path')
    const left = await node.run(['nft', 'list', 'table', 'ip', 'filter'])
    expect(left).not.toContain('FAIRLEAD')
    expect(left).toContain('jump OTHER')
    expect(left).toMatch(/meta cpu 0|vmap/)
  })

  test('case 57: a way back that fails five times ends with nothing of ours in the packet path', async () => {
    await restore('nft', ours.replace('-A OTHER -g FAIRLEAD-SUB\n', ''))
    await prepareCheckpoint(
      {
        directory: state,
        number: 1,
        plan: {
          checkpoint: { ...told, id: '000001', startedAt: '2026-01-01T00:00:00.000Z' },
          owner: { pid: 1, startTicks: '1' },
          bootId: 'x',
        },
        steps: [{ kind: 'run', argv: ['/bin/false'] }],
        seconds: 60,
        programs: { sh: '/bin/sh', ln: '/bin/ln', rm: '/bin/rm', sleep: '/bin/sleep' },
        environment: { XTABLES_LOCKFILE: `${state}.lock` },
        emergency: script,
      },
      node.commands,
    )
    const began = performance.now()
    expect((await node.commands.run(['/bin/sh', `${state}/000001/rollback.sh`, 'deadline'])).code).toBe(1)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(await saved('nft')).not.toContain('FAIRLEAD')
    expect(readCheckpoint(state, 1)?.checkpoint).toMatchObject({ phase: 'rolled-back', rollbackFailed: true })
  })

  test('wrong words end with 64 and change nothing', async () => {
    await restore('nft', ours.replace('-A OTHER -g FAIRLEAD-SUB\n', ''))
    expect((await panic(['/bin/sh'], '--all')).code).toBe(64)
    expect(await saved('nft')).toContain(':FAIRLEAD-INPUT')
  })
})
