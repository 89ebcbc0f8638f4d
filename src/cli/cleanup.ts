import { join } from 'node:path'
import { openCommands } from '../adapters/command/node-command.ts'
import { openCleanupRecords } from '../adapters/disk/cleanup-records.ts'
import { openLeftovers } from '../adapters/leftovers/leftovers.ts'
import { keepsKernel } from '../agent/this-kernel.ts'
import { openMachine } from '../agent/this-machine.ts'
import type { ArtefactId } from '../domain/artefact.ts'
import type { CleanupArtefact, CleanupKind } from '../domain/cleanup.ts'
import { recordNameOf } from '../domain/cleanup-record.ts'
import { parseDurationMs } from '../domain/duration.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { CleanupPlan, Leftovers } from '../domain/leftovers.ts'
import { describeRemoval } from '../plan/cleanups/describe-removal.ts'
import { lostForGood } from '../plan/cleanups/lost-for-good.ts'
import { planCleanups } from '../plan/cleanups/plan-cleanups.ts'
import { noSilence, type Silence, silentForMs, watchSilence } from '../plan/cleanups/silence.ts'
import type { CommandPort } from '../ports/command-port.ts'
import type { LeftoversPort } from '../ports/leftovers-port.ts'
import type { GatheredEvidence } from '../reconcile/network/gathered-evidence.ts'
import { ask, canAsk } from './ask.ts'
import { askForEvidence } from './cleanup-evidence.ts'
import { cleanupKinds, isText, kindsOf } from './cleanup-kinds.ts'
import { cleanupReport, formatCleanups } from './cleanup-text.ts'
import { undoCleanup } from './cleanup-undo.ts'
import { colours } from './colour.ts'
import type { Command, CommandCall } from './command.ts'
import { printable } from './printable.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { terminalLog } from './terminal-log.ts'

/** What a cleanup is told and given; all but the call can be another machine's, in tests. */
export interface CleanupWorld {
  readonly commands: CommandPort
  readonly stateDirectory: string
  readonly root: string
  readonly proc?: string
  readonly nowMs: () => number
  /** On a clock that nobody sets. */
  readonly monotonicMs: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Of the program in force. */
  readonly artefacts: readonly CleanupArtefact[]
  readonly gather: (wanted: ReadonlySet<CleanupKind>) => Promise<GatheredEvidence>
}

/** Finds and removes what components that are gone left on this machine, or takes a cleanup back. */
export const cleanupCommand: Command = async (call) => {
  const { settings, terminal } = call
  if (!keepsKernel(settings, settings.root)) {
    terminal.err.write('fairlead: cleanup works on the kernel of this machine, which is not kept with these settings\n')
    terminal.err.write('  fix  say --kernel on where --root is this machine all the same\n')
    return exitCode.badUsage
  }
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const lastGood = await machine.state.readLastGood()
  return await cleanUp(call, {
    commands: openCommands(),
    stateDirectory: machine.stateDirectory,
    root: machine.root,
    nowMs: () => machine.clock.nowMs(),
    monotonicMs: () => machine.clock.monotonicMs(),
    sleep: async (ms) => await machine.clock.sleep(ms, terminal.interrupted),
    artefacts: lastGood?.program.network?.cleanups ?? [],
    gather: async (wanted) => await askForEvidence(call, wanted),
  })
}

const defaultWait = '10s'

export async function cleanUp(call: CommandCall, world: CleanupWorld): Promise<ExitCode> {
  const { options, terminal } = call
  const { undo } = options
  if (undo !== undefined && undo !== false) return await undoCleanup(undo, call, world)
  const misuse = [kindsOf(options['only']), kindsOf(options['component']), kindsOf(options['gone'])].find(isText)
  const waitMs = parseDurationMs(String(options['wait'] ?? defaultWait))
  if (misuse !== undefined || waitMs === undefined) {
    terminal.err.write(`fairlead: ${printable(misuse ?? `--wait: ${String(options['wait'])} is no duration`)}\n`)
    return exitCode.badUsage
  }
  const wanted = wantedKinds(options, world.artefacts)
  const gathered = await world.gather(wanted)
  const cleanups = artefactsOf(wanted, world.artefacts, gathered)
  if (cleanups.length === 0) {
    terminal.err.write('fairlead: no program in force names anything to clean up\n')
    terminal.err.write(`  fix  name a component with --component: ${cleanupKinds.join(', ')}\n`)
    return exitCode.failed
  }
  return await cleanUpFound({ call, world, cleanups, gathered, waitMs })
}

interface Work {
  readonly call: CommandCall
  readonly world: CleanupWorld
  readonly cleanups: readonly CleanupArtefact[]
  readonly gathered: GatheredEvidence
  readonly waitMs: number
}

async function cleanUpFound(work: Work): Promise<ExitCode> {
  const { call, world, cleanups, gathered, waitMs } = work
  const { options, terminal } = call
  const dryRun = options['dry-run'] === true
  const name = recordNameOf(
    world.nowMs(),
    cleanups.map(({ cleanup }) => cleanup),
  )
  const port = openLeftovers({
    commands: world.commands,
    root: world.root,
    quarantine: join(world.stateDirectory, 'quarantine', name),
    k3sArguments: async () => gathered.k3sArguments,
    ...(world.proc === undefined ? {} : { proc: world.proc }),
  })
  const first = await look(work, port, noSilence)
  const shown = plan(work, first, 0)
  const lost = lostForGood(shown, first.leftovers)
  show(shown, lost, undefined, call)
  if (dryRun || shown.removals.length === 0) return shown.kept.length > 0 && !dryRun ? exitCode.denied : exitCode.done
  const yes = await consent(call)
  if (yes !== undefined) return yes
  terminal.err.write(`watching for ${waitMs / 1000} seconds whether anybody still writes them\n`)
  await world.sleep(waitMs)
  const second = await look(work, port, first.silence)
  const decided = plan(work, second, waitMs)
  if (decided.removals.length === 0) {
    show(decided, [], undefined, call)
    return exitCode.denied
  }
  return await carryOut(decided, lost, { ...work, port, name })
}

interface Look {
  readonly leftovers: Leftovers
  readonly silence: Silence
}

async function look({ call, world, cleanups }: Work, port: LeftoversPort, before: Silence): Promise<Look> {
  const leftovers = await port.observe(cleanups, call.terminal.interrupted)
  return { leftovers, silence: watchSilence(before, cleanups, leftovers, world.monotonicMs()) }
}

function plan({ call, world, cleanups, gathered }: Work, { leftovers, silence }: Look, quietMs: number): CleanupPlan {
  const vouched = kindsOf(call.options['gone'])
  return planCleanups({
    leftovers,
    cleanups,
    ...gathered.evidence,
    vouched: new Set(isText(vouched) ? [] : vouched),
    silentForMs: silentForMs(silence, world.monotonicMs()),
    requiredSilenceMs: quietMs,
    // The question was about exactly this.
    allowWidening: true,
  })
}

async function consent({ options, terminal }: CommandCall): Promise<ExitCode | undefined> {
  if (options['yes'] === true) return undefined
  if (!canAsk(terminal)) {
    terminal.err.write('fairlead: nobody can answer here; read the plan above and say --yes\n')
    return exitCode.badUsage
  }
  if (await ask('Remove these from this machine?', terminal)) return undefined
  terminal.err.write('nothing was changed\n')
  return exitCode.failed
}

async function carryOut(
  decided: CleanupPlan,
  lost: readonly string[],
  work: Work & { readonly port: LeftoversPort; readonly name: string },
): Promise<ExitCode> {
  const { call, world, port, name, waitMs } = work
  const { terminal, options } = call
  const steps = await port.inverse(decided, terminal.interrupted)
  const removed = decided.removals.map(describeRemoval)
  const cleanups = [...new Set(decided.removals.map(({ cleanup }) => cleanup))]
  const where = await openCleanupRecords(world.stateDirectory).write({
    version: 1,
    name,
    cleanups,
    removed,
    lost,
    steps,
  })
  terminal.err.write(`how to take it back stands in ${printable(where)}\n`)
  await port.remove(decided, terminal.interrupted)
  // What kube-proxy left behind answers like a replacement would: only now it shows.
  if (
    cleanups.includes('kube-proxy') &&
    (await world.gather(new Set(['kube-proxy']))).evidence.servicesAnswer !== true
  ) {
    terminal.err.write('fairlead: Services no longer answer without the rules of kube-proxy; they are put back\n')
    await undoCleanup(name, call, world)
    return exitCode.failed
  }
  await world.sleep(waitMs)
  const back = plan(work, await look(work, port, noSilence), 0).removals
  if (isStructured(options['output'])) show(decided, lost, name, call)
  for (const removal of back) {
    terminal.err.write(`fairlead: still-active: ${printable(describeRemoval(removal))} is there again\n`)
  }
  if (back.length > 0) {
    terminal.err.write('  fix  its owner runs: switch it off on the servers and restart K3s, then clean up again\n')
    return exitCode.failed
  }
  terminal.err.write(`removed; take it back with: fairlead cleanup --undo ${printable(name)}\n`)
  return exitCode.done
}

function show(
  shown: CleanupPlan,
  lost: readonly string[],
  undo: string | undefined,
  { options, terminal }: CommandCall,
): void {
  const format = options['output']
  if (!isStructured(format)) terminal.out.write(formatCleanups(shown, lost, colours(terminal.colour)))
  // One document: the last word, not what was asked about.
  else if (undo !== undefined || options['dry-run'] === true || shown.removals.length === 0) {
    terminal.out.write(formatStructured(cleanupReport(shown, lost, undo), format))
  }
}

function wantedKinds(options: CommandCall['options'], known: readonly CleanupArtefact[]): ReadonlySet<CleanupKind> {
  const only = kindsOf(options['only'])
  const named = kindsOf(options['component'])
  const all = [...known.map(({ cleanup }) => cleanup), ...(isText(named) ? [] : named)]
  return new Set(isText(only) || only.length === 0 ? all : all.filter((kind) => only.includes(kind)))
}

/** What the program in force says of a kind, or what the user names: then by the networks that K3s here was told. */
function artefactsOf(
  wanted: ReadonlySet<CleanupKind>,
  known: readonly CleanupArtefact[],
  { clusterCIDRs }: GatheredEvidence,
): readonly CleanupArtefact[] {
  return [...wanted].map(
    (cleanup) =>
      known.find((artefact) => artefact.cleanup === cleanup) ?? {
        kind: 'cleanup',
        id: `cleanup:${cleanup}` as ArtefactId,
        cleanup,
        origin: '--component',
        clusterCIDRs,
        keepDevices: [],
      },
  )
}
