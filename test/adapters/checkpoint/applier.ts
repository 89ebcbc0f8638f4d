/**
 * A process that brings a risky change into force inside the network namespace it runs in, and stops or kills itself at a
 * named point: `node applier.ts <directory> <point> <backend> [confirmTimeoutMs]`. The change drops everything that comes
 * in, by two rules written one after the other; the way back flushes and deletes the chain.
 */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { machineBootClock } from '../../../src/adapters/checkpoint/boot-clock.ts'
import { openCheckpoints } from '../../../src/adapters/checkpoint/node-checkpoints.ts'
import { openCommands } from '../../../src/adapters/command/node-command.ts'
import type { InverseStep } from '../../../src/domain/inverse.ts'

const [, , directory = '', point = '', backend = 'nft', timeout = '30000'] = process.argv
const commands = openCommands()
const lock = { XTABLES_LOCKFILE: `${directory}/xtables.lock` }
const iptables = `/usr/sbin/iptables-${backend}`

function reach(name: string): void {
  if (name !== point) return
  process.stdout.write(`reached ${name}\n`)
  process.kill(process.pid, 'SIGKILL')
}

const boot = {
  ...machineBootClock,
  uptimeMs: () => {
    // Asked for right before the watchdogs are started.
    if (existsSync(`${directory}/checkpoint/000001`) && !existsSync(`${directory}/checkpoint/000001/armed.json`)) {
      reach('prepared')
    }
    return machineBootClock.uptimeMs()
  },
}

async function write(...words: string[]): Promise<void> {
  const ran = await commands.run([iptables, '-w', '5', ...words], { environment: lock })
  if (ran.code !== 0) throw new Error(ran.stderr)
}

const inverse: InverseStep[] = [
  { kind: 'until-gone', argv: [iptables, '-w', '5', '-D', 'INPUT', '-j', 'FAIRLEAD-INPUT'] },
  { kind: 'run', argv: [iptables, '-w', '5', '-F', 'FAIRLEAD-INPUT'], mayFail: true },
  { kind: 'run', argv: [iptables, '-w', '5', '-X', 'FAIRLEAD-INPUT'], mayFail: true },
]
const checkpoints = openCheckpoints({
  directory: `${directory}/checkpoint`,
  commands,
  environment: lock,
  boot,
  systemdDirectory: '/nowhere',
})
// The namespace lives on without us when the test ends early.
const { id } = await checkpoints.arm({
  program: 'sha256:aa',
  revision: 'main@sha1:01',
  confirmTimeoutMs: Number(timeout),
  required: [],
  changes: ['drop everything that comes in'],
  isManual: false,
  inverse,
})
reach('armed')
await checkpoints.advance(id, 'applying')
reach('applying')
await write('-N', 'FAIRLEAD-INPUT')
await write('-A', 'FAIRLEAD-INPUT', '-j', 'DROP')
reach('half')
await write('-I', 'INPUT', '1', '-j', 'FAIRLEAD-INPUT')
reach('applied')
await checkpoints.advance(id, 'probing')
reach('probing')
if (point === 'stop') {
  process.stdout.write('in force\n')
  process.kill(process.pid, 'SIGSTOP')
  const confirmed = await checkpoints.confirm(id)
  process.stdout.write(`confirmed ${confirmed}\n`)
}
if (point === 'confirm') {
  await checkpoints.confirm(id)
  process.stdout.write('confirmed\n')
  process.kill(process.pid, 'SIGKILL')
}
if (point === 'hold') {
  process.stdout.write('in force\n')
  await sleep(60_000)
}
