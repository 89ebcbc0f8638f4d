import { leaveController } from '../agent/leave-controller.ts'
import { keepsKernel, openKernel } from '../agent/this-kernel.ts'
import { openMachine } from '../agent/this-machine.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { releaseNetwork } from '../reconcile/network/release-network.ts'
import { ask, canAsk } from './ask.ts'
import type { CommandCall } from './command.ts'
import { count } from './print-problems.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'
import { uncounted } from './uncounted.ts'

/** From now on nothing is in force: a later agent begins anew, under a checkpoint where that is called for. */
const nothingWanted = {
  digest: 'uninstalled',
  revision: { name: 'agent uninstall', commit: '', author: '', subject: '' },
} as const

/**
 * Takes everything of ours out of this kernel, and forgets the controller, so that another one can be followed later. Files
 * of K3s stay: they are how it is configured, and without the drop-in it would start with other flags.
 */
export async function uninstallAgent({ settings, options, terminal }: CommandCall): Promise<ExitCode> {
  if (!keepsKernel(settings, settings.root)) {
    terminal.err.write(
      'fairlead: agent uninstall works on the kernel of this machine, which is not kept with these settings\n',
    )
    terminal.err.write('  fix  say --kernel on where --root is this machine all the same\n')
    return exitCode.badUsage
  }
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  if (options['yes'] !== true) {
    if (!canAsk(terminal)) {
      terminal.err.write('fairlead: agent uninstall asks first; answer with --yes where nobody can\n')
      return exitCode.badUsage
    }
    const question = 'Take packet filter rules, routes and settings of Fairlead out of this kernel?'
    if (!(await ask(question, terminal))) return exitCode.failed
  }
  const release = await machine.state.acquireLock()
  try {
    const { ports } = openKernel(machine, uncounted)
    // Taken back later, by its watchdog, it would put something of ours into the kernel again.
    const open = await ports.checkpoints.recover()
    if (open !== undefined) terminal.out.write(`taken back  change ${printable(open.id)}, which was not confirmed\n`)
    const { changes, failures } = await releaseNetwork(ports, terminal.interrupted)
    if (failures.length === 0) {
      // A change that was confirmed would count as the newest word on this kernel.
      await ports.network.writeTrial(nothingWanted)
      await ports.network.writeConfirmed(nothingWanted)
    }
    for (const { what } of changes) terminal.out.write(`removed  ${printable(what)}\n`)
    for (const { message, detail } of failures) {
      terminal.err.write(`fairlead: ${printable(message)}\n  fix  ${printable(detail.fix)}\n`)
    }
    const markers = await leaveController(machine)
    for (const path of markers.taken) terminal.out.write(`removed  ${printable(path)}\n`)
    for (const path of markers.kept) {
      terminal.err.write(`fairlead: ${printable(path)} hides a manifest from K3s\n  fix  remove it\n`)
    }
    const inventory = await machine.state.readInventory()
    // What a manifest that moved left in the API has an entry as well; its file is gone.
    const files = [...inventory.entries.values()].filter((entry) => entry.class === 'program' && entry.digest !== '')
    terminal.out.write(`${count(changes.length, 'change')}${staying(files.length)}\n`)
    for (const { id } of files) terminal.out.write(`  ${printable(id.slice('file:'.length))}\n`)
    terminal.out.write(
      `what Fairlead knows of these files stays below ${printable(machine.stateDirectory)}; a later agent needs it\n`,
    )
    return failures.length + markers.kept.length === 0 ? exitCode.done : exitCode.failed
  } finally {
    await release()
  }
}

function staying(files: number): string {
  if (files === 0) return ''
  return `; ${count(files, 'file')} of K3s's configuration ${files === 1 ? 'stays' : 'stay'}:`
}
