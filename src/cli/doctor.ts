import { resolve } from 'node:path'
import { openHostReader } from '../adapters/host/host-reader.ts'
import { kubeconfigsFor } from '../agent/kubeconfigs.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { Facts } from '../domain/facts.ts'
import type { HostReading } from '../domain/host.ts'
import { compareProblems, hasErrors, type Problem, type Severity } from '../domain/problem.ts'
import { lintMachine } from '../reconcile/lint-machine.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import { viewMachine } from '../reconcile/machine-subject.ts'
import type { Command, CommandCall } from './command.ts'
import { type AskedCluster, askCluster } from './doctor-cluster.ts'
import { effectiveFlags, formatFlags } from './doctor-flags.ts'
import { type DoctorReport, formatMended, headline, notRead, reportForPrograms } from './doctor-report.ts'
import { countProblems } from './lint-report.ts'
import { printable } from './printable.ts'
import { releaseMisuse } from './release-option.ts'
import { formatStructured, isStructured } from './structured-output.ts'

/** Every rule over this machine as it is now: what K3s is told and by whom, and what is wrong with it. Reads only. */
export const doctorCommand: Command = async (call) => {
  const { options, terminal } = call
  const misuse = releaseMisuse(options['k3s-version'])
  if (misuse !== undefined) {
    terminal.err.write(`fairlead: ${printable(misuse)}\n`)
    return exitCode.badUsage
  }
  const report = await examine(call)
  const code = exitCodeOf(report)
  const format = options['output']
  if (isStructured(format)) {
    terminal.out.write(formatStructured(reportForPrograms(report), format))
    return code
  }
  const { hasK3s } = report.linted.view
  const table = hasK3s ? formatFlags(report.flags, terminal.isTerminal ? terminal.columns : undefined) : ''
  if (options['flags'] === true) {
    terminal.out.write(hasK3s ? table : `${headline(report)}\n`)
    terminal.err.write(notRead(report))
    return code === exitCode.denied ? exitCode.done : code
  }
  const { problems } = report
  const shown = problems.filter(({ severity }) => severity !== 'notice' || options['verbose'] === true)
  terminal.out.write(`${headline(report)}\n${hasK3s ? `\n${table}` : ''}`)
  if (shown.length > 0) terminal.out.write(`\n${formatMended(shown, report, terminal.colour)}`)
  terminal.err.write(notRead(report))
  const counted = hasK3s
    ? countProblems(problems, options['verbose'] !== true)
    : 'nothing to look at; --root names another machine'
  terminal.err.write(`${printable(report.linted.view.node.name)}: ${counted}\n`)
  return code
}

async function examine(call: CommandCall): Promise<DoctorReport> {
  const { options, settings, terminal } = call
  const root = resolve(terminal.workingDirectory, settings.root)
  const reading = await openHostReader({ root, findPlaces: machinePlaces }).read(terminal.interrupted)
  const asked = await clusterAround(call, root)
  const { facts, notes } = ofThisMachine(asked, reading, call)
  const version = options['k3s-version']
  const linted = lintMachine(
    {
      reading,
      ...(facts === undefined ? {} : { facts }),
      ...(settings.node === undefined ? {} : { name: settings.node }),
      ...(settings.role === 'agent' ? { role: 'agent' } : {}),
      ...(typeof version === 'string' ? { version } : {}),
    },
    undefined,
  )
  const isAsked = settings.kubeconfig === undefined || facts !== undefined
  const flags = effectiveFlags(linted.view.node.settings)
  // Where there is no K3s, nothing is wrong with it.
  const problems = linted.view.hasK3s ? linted.problems.toSorted(bySeverity) : []
  return { root, reading, linted, flags, notes, problems, isWhole: isAsked && linted.view.unreadConfig.length === 0 }
}

/** Errors end with 3; no K3s, and whatever was to be read and was not, with 1. */
function exitCodeOf({ problems, isWhole, linted: { view } }: DoctorReport): ExitCode {
  if (!view.hasK3s) return exitCode.failed
  if (hasErrors(problems)) return exitCode.denied
  return isWhole ? exitCode.done : exitCode.failed
}

async function clusterAround(call: CommandCall, root: string): Promise<AskedCluster> {
  const kubeconfigs = kubeconfigsFor(call, root)
  if (kubeconfigs.length === 0) return { notes: [] }
  const { kubeContext } = call.settings
  const target = { kubeconfigs, ...(kubeContext === undefined ? {} : { context: kubeContext }) }
  // The Kubernetes client is large, and is loaded only where there is somebody to talk to.
  const open = async () => (await import('../adapters/kube/cluster-reader.ts')).openClusterReader(target)
  return await askCluster(open, call.terminal.interrupted)
}

/** A kubeconfig may lead to another cluster: what does not know this machine says nothing about it. */
function ofThisMachine(
  asked: AskedCluster,
  reading: HostReading,
  { settings }: CommandCall,
): { readonly facts?: Facts; readonly notes: readonly string[] } {
  if (asked.facts === undefined) return asked
  const named = settings.node === undefined ? {} : { name: settings.node }
  const { node } = viewMachine({ reading, facts: asked.facts, ...named })
  if (asked.facts.nodes.some(({ name }) => name === node.name)) return { facts: asked.facts, notes: asked.notes }
  const note = `the cluster has no node ${node.name}, so that what it says was left out; name the node with --node`
  return { notes: [...asked.notes, note] }
}

const severities: readonly Severity[] = ['error', 'warning', 'notice']

function bySeverity(a: Problem, b: Problem): number {
  return severities.indexOf(a.severity) - severities.indexOf(b.severity) || compareProblems(a, b)
}
