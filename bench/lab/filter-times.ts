/**
 * Run in a network namespace of its own, with mechanism, count, shape and rounds as arguments: measures one size of one
 * mechanism and prints `FilterTimes`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCommands } from '../../src/adapters/command/node-command.ts'
import { openIptables } from '../../src/adapters/iptables/open-iptables.ts'
import { openNft } from '../../src/adapters/nft/nft-filter.ts'
import type { FilterProgram } from '../../src/domain/packet-filter.ts'
import type { CommandPort } from '../../src/ports/command-port.ts'
import type { PacketFilterPort } from '../../src/ports/packet-filter-port.ts'
import { type FilterShape, filterOfSize } from './filter-sizes.ts'
import { type RecordedCommands, type RecordedRun, recordCommands } from './recorded-commands.ts'
import { StepTimes } from './step-times.ts'

type Step = 'validation' | 'check' | 'bareSave' | 'look' | 'write' | 'bareWrite'
export type FilterTimes = Partial<Record<Step, readonly number[]>>

interface Mechanism {
  readonly open: (commands: CommandPort) => PacketFilterPort
  /** What prints the live tables and nothing else. */
  readonly save: readonly [string, ...string[]]
}

const lockDirectory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
/** The lock of the legacy backend is one file for all namespaces of a machine. */
const lockFile = join(lockDirectory, 'xtables.lock')
const mechanisms: Readonly<Record<string, Mechanism>> = {
  'iptables-nft': {
    open: (commands) => openIptables({ commands, backend: 'nft', lockFile }),
    save: ['/usr/sbin/iptables-nft-save'],
  },
  'iptables-legacy': {
    open: (commands) => openIptables({ commands, backend: 'legacy', lockFile }),
    save: ['/usr/sbin/iptables-legacy-save'],
  },
  'nft table': {
    open: (commands) => openNft({ commands }),
    save: ['/usr/sbin/nft', '-s', 'list', 'table', 'inet', 'fairlead'],
  },
}
const warmUps = 2
const signal = new AbortController().signal

const [, , name = '', count, shape, rounds] = process.argv
const mechanism = mechanisms[name]
if (mechanism === undefined) throw new Error(`no mechanism ${name}`)
const times = await measure(mechanism, Number(count), shape as FilterShape, Number(rounds))
rmSync(lockDirectory, { recursive: true })
console.log(JSON.stringify(times))

async function measure(
  { open, save }: Mechanism,
  size: number,
  form: FilterShape,
  turns: number,
): Promise<FilterTimes> {
  const commands = openCommands()
  const recorded = recordCommands(commands)
  const filter = open(recorded.commands)
  const [ours, theirs] = [filterOfSize(size, form, 0), filterOfSize(size, form, 1)]
  const steps = new StepTimes<Step>()
  await filter.capabilities(signal)
  await steps.measure('validation', true, () => filter.check(ours, signal))
  await steps.measure('validation', true, () => filter.check(theirs, signal))
  await filter.replace(ours, signal)
  const payload = await payloadFor(theirs, filter, recorded)
  for (let turn = -warmUps; turn < turns; turn += 1) {
    const isCounted = turn >= 0
    const seen = await steps.measure('look', isCounted, () => filter.observe(ours, signal))
    if (seen.kind !== 'drifted') throw new Error(`expected another program to be loaded, found ${seen.kind}`)
    await steps.measure('write', isCounted, () => filter.replace(ours, signal))
    const settled = await steps.measure('check', isCounted, () => filter.observe(ours, signal))
    if (settled.kind !== 'settled') throw new Error('what was written is not in place')
    await steps.measure('bareSave', isCounted, () => commands.run(save, { timeoutMs: 60_000 }))
    const written = await steps.measure('bareWrite', isCounted, () => bareWrite(payload, commands))
    if (written.code !== 0) throw new Error(written.stderr)
  }
  return steps.all()
}

/** What the adapter itself writes to bring `program` into force, and nothing besides. */
async function payloadFor(
  program: FilterProgram,
  filter: PacketFilterPort,
  recorded: RecordedCommands,
): Promise<RecordedRun> {
  await filter.observe(program, signal)
  recorded.taken()
  await filter.replace(program, signal)
  const [run, ...others] = recorded.taken()
  if (run === undefined || others.length > 0) throw new Error('one transaction was expected')
  return run
}

function bareWrite({ argv, input }: RecordedRun, commands: CommandPort): ReturnType<CommandPort['run']> {
  return commands.run(argv, { input, timeoutMs: 60_000, environment: { XTABLES_LOCKFILE: lockFile } })
}
