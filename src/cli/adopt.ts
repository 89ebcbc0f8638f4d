import { convergeSettings, type Machine, openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { Adoption } from '../domain/status.ts'
import { takeovers } from '../plan/plan-node.ts'
import type { MachinePreview } from '../reconcile/preview-machine.ts'
import { ask, canAsk } from './ask.ts'
import { colours } from './colour.ts'
import type { Command, CommandCall } from './command.ts'
import { formatFileChange } from './diff-text.ts'
import { previewThisMachine } from './machine-preview.ts'
import { formatPlan } from './plan-text.ts'
import { reportRefused } from './print-problems.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

/** Shows what Fairlead would take over on this machine, or in its cluster, and, with a yes, lets it write from then on. */
export const adoptCommand: Command = async (call) => {
  const { settings, options, terminal } = call
  if (options['cluster-side'] === true) return await (await import('./adopt-cluster.ts')).adoptClusterSide(call)
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  // Flags as they will stand in place, though they are staged first: a foreign file there would never be shown else.
  const outcome = await previewThisMachine(call, machine, convergeSettings(settings, { placeFlags: true }))
  if (outcome.kind === 'refused') {
    reportRefused(outcome.problems, terminal)
    return exitCode.denied
  }
  const { preview } = outcome
  const adoption = adoptionOf(preview, machine)
  const before = preview.observed.adoption
  if (before !== undefined && isSame(before, adoption)) {
    terminal.out.write(`already adopted for cluster ${printable(before.cluster)}; there is nothing to take over\n`)
    return exitCode.done
  }
  showPreview(preview, call)
  if (options['yes'] !== true) {
    if (!canAsk(terminal)) {
      terminal.err.write('fairlead: nobody can answer here; read the plan above and say --yes\n')
      return exitCode.badUsage
    }
    if (!(await ask(questionOf(before, adoption, machine), terminal))) {
      terminal.err.write('nothing was changed\n')
      return exitCode.failed
    }
  } else if (before !== undefined && before.cluster !== adoption.cluster && settings.cluster === undefined) {
    const fix = `name the new cluster with --cluster ${printable(adoption.cluster)}`
    terminal.err.write(`fairlead: this machine was adopted for cluster ${printable(before.cluster)}\n  fix  ${fix}\n`)
    return exitCode.badUsage
  }
  await machine.state.writeAdoption(adoption)
  terminal.out.write(`adopted for cluster ${printable(adoption.cluster)} as node ${printable(adoption.node)}\n`)
  terminal.err.write('Fairlead writes from its next pass on: fairlead run, fairlead agent, or fairlead apply --once\n')
  return exitCode.done
}

/** What may be overwritten is bound to the content that was shown: an edit after that is foreign again. */
function adoptionOf({ candidate, observed, nodes }: MachinePreview, machine: Machine): Adoption {
  const foreign = nodes.flatMap(({ plan }) => takeovers(plan))
  const shown = foreign.flatMap(({ before }) => (before.digest === undefined ? [] : [[before.path, before.digest]]))
  const { cluster, node } = candidate.program
  const continued = observed.adoption?.cluster === cluster ? observed.adoption : undefined
  return {
    cluster,
    node,
    adoptedAt: continued?.adoptedAt ?? new Date(machine.clock.nowMs()).toISOString(),
    takenOver: { ...continued?.takenOver, ...Object.fromEntries(shown) },
  }
}

/** Nothing was shown that the adoption does not hold already. */
function isSame(before: Adoption, next: Adoption): boolean {
  if (before.cluster !== next.cluster || before.node !== next.node) return false
  return Object.entries(next.takenOver).every(([path, digest]) => before.takenOver[path] === digest)
}

function showPreview(preview: MachinePreview, { terminal }: CommandCall): void {
  const paint = colours(terminal.colour)
  // That nobody adopted it yet is what this is about, and no objection.
  const nodes = preview.nodes.map((node) =>
    node.refusal?.reason === 'RebuildRequired' ? node : { ...node, refusal: undefined },
  )
  terminal.out.write(formatPlan([{ ...preview, nodes }], { colours: paint, wide: false }))
  for (const { node, plan } of nodes) {
    for (const change of takeovers(plan)) {
      terminal.out.write(`\n${formatFileChange(node, change, paint)}`)
      if (change.before.digest !== undefined) continue
      const what = change.before.unreadable ?? `a ${change.before.type}`
      terminal.out.write(`${printable(change.before.path)} cannot be taken over: ${what}; move it away yourself\n`)
    }
  }
}

function questionOf(before: Adoption | undefined, adoption: Adoption, machine: Machine): string {
  const cluster = printable(adoption.cluster)
  const taken = Object.entries(adoption.takenOver).filter(([path, digest]) => before?.takenOver[path] !== digest).length
  const files = taken > 0 ? `, and overwrite ${taken === 1 ? 'the file' : `the ${taken} files`} of somebody else` : ''
  const moved =
    before === undefined || before.cluster === adoption.cluster ? '' : ` (it was ${printable(before.cluster)}'s)`
  return `Let Fairlead manage ${printable(machine.root)} for cluster ${cluster}${moved}${files}?`
}
