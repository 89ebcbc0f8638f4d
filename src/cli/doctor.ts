import { resolve } from 'node:path'
import { openHostReader } from '../adapters/host/host-reader.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { Facts } from '../domain/facts.ts'
import type { HostReading } from '../domain/host.ts'
import { compareProblems, hasErrors, type Problem, type Severity } from '../domain/problem.ts'
import { isSwitchedOn } from '../k3s/config/effective-settings.ts'
import { type LintedMachine, lintMachine } from '../reconcile/lint-machine.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import { viewMachine } from '../reconcile/machine-subject.ts'
import type { Command, CommandCall } from './command.ts'
import { type AskedCluster, askCluster, kubeconfigsFor } from './doctor-cluster.ts'
import { effectiveFlags, formatFlags } from './doctor-flags.ts'
import { countProblems } from './lint-report.ts'
import { formatProblems } from './print-problems.ts'
import { printable } from './printable.ts'
import { formatStructured, isStructured } from './structured-output.ts'

/** Every rule over this machine as it is now: what K3s is told and by whom, and what is wrong with it. Reads only. */
export const doctorCommand: Command = async (call) => {
  const { options, settings, terminal } = call
  const root = resolve(terminal.workingDirectory, settings.root)
  const reading = await openHostReader({ root, findPlaces: machinePlaces }).read(terminal.interrupted)
  const asked = await clusterAround(call, root)
  const { facts, notes } = ofThisMachine(asked, reading, call)
  const linted = lintMachine(
    {
      reading,
      ...(facts === undefined ? {} : { facts }),
      ...(settings.node === undefined ? {} : { name: settings.node }),
      ...(settings.role === 'agent' ? { role: 'agent' } : {}),
    },
    undefined,
  )
  const problems = linted.problems.toSorted(bySeverity)
  const flags = effectiveFlags(linted.view.node.settings)
  const format = options['output']
  if (isStructured(format)) {
    terminal.out.write(formatStructured(reportOf(linted, reading, { flags, notes, problems }), format))
    return hasErrors(problems) ? exitCode.denied : exitCode.done
  }
  const table = formatFlags(flags, terminal.isTerminal ? terminal.columns : undefined)
  if (options['flags'] === true) {
    terminal.out.write(table)
    terminal.err.write(notRead(reading, linted, notes))
    return exitCode.done
  }
  const shown = problems.filter(({ severity }) => severity !== 'notice' || options['verbose'] === true)
  terminal.out.write(`${headline(linted, reading, root)}\n\n${table}`)
  if (shown.length > 0) terminal.out.write(`\n${formatProblems(shown, terminal.colour)}`)
  terminal.err.write(notRead(reading, linted, notes))
  const counted = countProblems(problems, options['verbose'] !== true)
  terminal.err.write(`${printable(linted.view.node.name)}: ${counted}\n`)
  return hasErrors(problems) ? exitCode.denied : exitCode.done
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

/** `pi-1: server, K3s v1.33.4+k3s1, runs as process 812 since 2026-03-01T12:00:00Z`. */
function headline(
  { view }: LintedMachine,
  { process: running, installedVersion, installedBinary }: HostReading,
  root: string,
): string {
  const { name, role, settings } = view.node
  const installed = installedVersion ?? (installedBinary === undefined ? undefined : 'of an unknown release')
  const since = running?.startedAtMs === undefined ? '' : ` since ${new Date(running.startedAtMs).toISOString()}`
  const stopped = root === '/' ? 'does not run' : `below ${root}`
  const state = running === undefined ? stopped : `runs as process ${running.pid}${since}`
  const agentless = isSwitchedOn(settings, 'disable-agent') ? ' without an agent' : ''
  if (installed === undefined && running === undefined) return `${printable(name)}: K3s is not installed, or not seen`
  return printable(`${name}: ${role}${agentless}, K3s ${installed ?? 'not installed'}, ${state}`)
}

/** What the findings are silent about, and why. */
function notRead({ unreadable }: HostReading, { skipped }: LintedMachine, notes: readonly string[]): string {
  const lines = [...unreadable.map(({ path, reason }) => `not read: ${path} (${reason})`), ...notes]
  const denied = unreadable.some(({ reason }) => reason === 'permission denied')
  return [
    ...lines,
    ...(skipped > 0 ? [`${skipped} rules about flags were left out: without these files nobody knows them`] : []),
    ...(denied ? ['run as root to see everything'] : []),
  ]
    .map((line) => `${printable(line)}\n`)
    .join('')
}

function reportOf(
  { view, skipped }: LintedMachine,
  { unreadable, process: running, installedVersion, kernelRelease }: HostReading,
  rest: { readonly flags: unknown; readonly notes: readonly string[]; readonly problems: readonly Problem[] },
): object {
  const { name, role } = view.node
  const process = running === undefined ? undefined : { pid: running.pid, startedAtMs: running.startedAtMs }
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'DoctorReport',
    machine: { name, role, installedVersion, process, kernelRelease },
    flags: rest.flags,
    notRead: unreadable,
    rulesLeftOut: skipped,
    notes: rest.notes,
    problems: rest.problems,
  }
}
