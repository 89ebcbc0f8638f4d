import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { openHostReader } from '../adapters/host/host-reader.ts'
import { openMachine } from '../agent/this-machine.ts'
import type { Capture } from '../domain/capture.ts'
import { exitCode } from '../domain/exit-code.ts'
import { Failure } from '../domain/failure.ts'
import type { ClusterReading } from '../ports/cluster-reader-port.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import { viewMachine } from '../reconcile/machine-subject.ts'
import { type CapturedMachine, takeCapture } from '../reconcile/take-capture.ts'
import { readCapture } from '../schema/capture.ts'
import type { Command, CommandCall } from './command.ts'
import { fileFailure } from './file-failure.ts'
import { count } from './print-problems.ts'
import { printable } from './printable.ts'
import { readCluster } from './read-cluster.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { terminalLog } from './terminal-log.ts'

/** Writes down what is true of this machine and of the cluster around it, for plans that are made elsewhere. */
export const captureCommand: Command = async (call) => {
  const { settings, options, terminal, version } = call
  const cluster = await readCluster(call)
  const { machine, adoptedFor } = await readMachine(call, cluster)
  const name = settings.cluster ?? adoptedFor
  if (name === undefined) {
    terminal.err.write('fairlead: a capture of which cluster? Name it with --cluster\n')
    return exitCode.badUsage
  }
  if (machine === undefined && cluster === undefined) throw nothingHere(settings.root)
  const capture = takeCapture({
    name,
    capturedAt: new Date().toISOString(),
    fairleadVersion: version,
    ...(cluster === undefined ? {} : { facts: cluster.facts }),
    ...(machine === undefined ? {} : { machine }),
  })
  const { output: format, out } = options
  const text = formatStructured(capture, isStructured(format) ? format : 'yaml')
  refuseUnreadable(name, text)
  if (typeof out === 'string') await writePrivately(resolve(terminal.workingDirectory, out), text)
  else terminal.out.write(text)
  for (const part of cluster?.unread ?? []) {
    terminal.err.write(`not read  ${printable(part.path)}: ${printable(part.code)}\n`)
  }
  terminal.err.write(summaryOf(capture, typeof out === 'string' ? out : undefined))
  return exitCode.done
}

/** The machine below `--root`; none where nothing of K3s or Fairlead is there, as on a laptop. */
async function readMachine(
  { settings, terminal }: CommandCall,
  cluster: ClusterReading | undefined,
): Promise<{ readonly machine?: CapturedMachine; readonly adoptedFor?: string }> {
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const reader = openHostReader({ root: machine.root, findPlaces: machinePlaces })
  const reading = await reader.read(terminal.interrupted)
  const observation = await machine.files.observe([], terminal.interrupted)
  const isK3s = reading.process !== undefined || reading.installedBinary !== undefined
  const hasFiles = observation.files.size > 0 || [...reading.files.keys()].some((path) => /k3s/.test(path))
  if (!isK3s && !hasFiles) return {}
  const { node } = viewMachine({
    reading,
    ...(cluster === undefined ? {} : { facts: cluster.facts }),
    ...(settings.node === undefined ? {} : { name: settings.node }),
  })
  const known = cluster?.facts.nodes.some(({ name }) => name === node.name) === true
  if (cluster !== undefined && !known) throw notInCluster(node.name)
  const adoption = await machine.state.readAdoption()
  const version = reading.installedVersion
  return {
    machine: {
      facts: { ...node.facts, ...(version === undefined ? {} : { k3sVersion: version }) },
      reading,
      observation,
      inventory: await machine.state.readInventory(),
    },
    ...(adoption === undefined ? {} : { adoptedFor: adoption.cluster }),
  }
}

/** What cannot be read back helps nobody: then something is in it that a capture does not have. */
function refuseUnreadable(name: string, text: string): void {
  const read = readCapture(name, new TextEncoder().encode(text))
  if (read.ok) return
  const [problem] = read.error
  throw new Failure(`the capture would not be readable: ${problem?.what ?? 'it has another form'}`, {
    code: 'CAPTURE_UNREADABLE',
    where: name,
    fix: 'check the names with --cluster and --node; they are names of Kubernetes, in small letters',
    retry: 'never',
  })
}

/** Readable by its owner alone from its first byte, and whole or not there. */
async function writePrivately(path: string, text: string): Promise<void> {
  const sibling = join(dirname(path), `.${basename(path)}.${process.pid}`)
  try {
    const file = await open(sibling, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(sibling, path)
  } catch (cause) {
    await rm(sibling, { force: true })
    throw fileFailure(cause, 'write', path)
  }
}

function summaryOf({ facts, observations, metadata }: Capture, out: string | undefined): string {
  const files = Object.values(observations).reduce((sum, node) => sum + node.files.length, 0)
  const what = `${count(facts.nodes.length, 'node')}, ${count(facts.services.length, 'Service')}, ${count(files, 'file')}`
  const next =
    out === undefined ? '' : `\nNext:\n  fairlead plan --cluster ${metadata.name} --capture ${printable(out)}\n`
  return `captured ${what}; no secrets\n${next}`
}

function nothingHere(root: string): Failure {
  return new Failure(`there is no K3s and nothing of Fairlead below ${root}`, {
    code: 'CAPTURE_EMPTY',
    where: '--root',
    fix: 'name the root of a K3s machine with --root, or a cluster with --kubeconfig',
    retry: 'never',
  })
}

function notInCluster(node: string): Failure {
  return new Failure(`the cluster of the kubeconfig has no node ${JSON.stringify(node)}`, {
    code: 'CAPTURE_NODE_UNKNOWN',
    where: '--node',
    fix: 'say which node this machine is with --node, or capture the API alone with --root of an empty directory',
    retry: 'never',
  })
}
