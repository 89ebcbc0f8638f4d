import { statSync } from 'node:fs'
import { convergeSettings, type Machine, openMachine } from '../agent/this-machine.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { Failure } from '../domain/failure.ts'
import type { Adoption } from '../domain/status.ts'
import { fairleadPaths } from '../k3s/locations.ts'
import { convergeOnce } from '../reconcile/converge-once.ts'
import { chooseCluster, loadDesired } from '../reconcile/load-desired.ts'
import { blockedByTakeovers, planRefusal } from '../reconcile/node-verdict.ts'
import { pathOfChange } from '../reconcile/preview-plan.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { closestWord } from '../text/suggest.ts'
import type { Command, CommandCall } from './command.ts'
import { previewThisMachine } from './machine-preview.ts'
import { openRepository } from './open-repository.ts'
import { count, reportRefused } from './print-problems.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'
import { uncounted } from './uncounted.ts'
import { verdictExitCode } from './verdict-exit-code.ts'

type InventoryNode = ClusterNetwork['spec']['nodes'][number]

/**
 * Everything that a machine needs before K3s is installed on it: its flags, the flannel options they name, and on a
 * server the manifests, so that what a cluster keeps for life is right from its first start.
 */
export const bootstrapCommand: Command = async (call) => {
  const { words, settings, terminal } = call
  const [name = ''] = words
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: terminal.isTerminal }))
  requireRoot(machine)
  if (await machine.k3s.isInstalled()) throw k3sInstalled(machine)
  const node = await findNode(call, name)
  if ('problems' in node) {
    reportRefused(node.problems, terminal)
    return exitCode.denied
  }
  const asNode = { ...call, settings: { ...settings, node: node.name, role: node.role } }
  const release = await machine.state.acquireLock()
  try {
    return await writeFirstProgram(asNode, machine, node)
  } finally {
    await release()
  }
}

async function writeFirstProgram(call: CommandCall, machine: Machine, node: InventoryNode): Promise<ExitCode> {
  const { terminal, options } = call
  const settings = { ...convergeSettings(call.settings, { placeFlags: true }), engine: 'k3s' } as const
  await machine.files.removeLeftovers()
  const compiled = await previewThisMachine(call, machine, settings)
  if (compiled.kind === 'refused') {
    reportRefused(compiled.problems, terminal)
    return exitCode.denied
  }
  const { preview, revision, sourceDescription } = compiled
  const { candidate, problems, observed } = preview
  const { cluster } = candidate.program
  if (observed.adoption !== undefined) refuseOther(observed.adoption, cluster, node.name)
  const [own] = preview.nodes
  const refusal = own === undefined ? undefined : (blockedByTakeovers(own.plan) ?? planRefusal(own.plan))
  if (refusal !== undefined) {
    terminal.err.write(`fairlead: ${printable(refusal.message)}; nothing was written\n`)
    return verdictExitCode(refusal.kind)
  }
  if (options['dry-run'] === true) {
    for (const { plan } of preview.nodes) {
      for (const change of plan.changes) terminal.out.write(`would write  ${printable(pathOfChange(change))}\n`)
    }
    return exitCode.done
  }
  // Whoever names a machine before there is a K3s on it has said yes: nothing is there that could be taken over.
  const adoptedAt = new Date(machine.clock.nowMs()).toISOString()
  await machine.state.writeAdoption(
    observed.adoption ?? { cluster, node: node.name, adoptedAt, takenOver: {}, awaitsK3s: true },
  )
  const input = { candidate, revision, problems, sourceDescription, settings, timeoutMs: 0 }
  const { verdict, applied } = await convergeOnce(
    input,
    { ...machine, metrics: uncounted },
    undefined,
    terminal.interrupted,
  )
  for (const change of applied) terminal.out.write(`written  ${printable(pathOfChange(change))}\n`)
  terminal.out.write(
    `${count(applied.length, 'file')} written for ${node.role} ${printable(node.name)} of ${printable(cluster)}\n`,
  )
  if (verdict.kind === 'blocked' || verdict.kind === 'failed') {
    terminal.err.write(`fairlead: ${printable(verdict.message)}\n`)
    return verdictExitCode(verdict.kind)
  }
  terminal.err.write(
    `now install K3s (${node.role}) without flags for the network; then keep it so with fairlead run --node ${printable(node.name)}; its role comes from spec.nodes\n`,
  )
  return exitCode.done
}

type FoundNode = InventoryNode | { readonly problems: Parameters<typeof reportRefused>[0] }

async function findNode({ settings, terminal }: CommandCall, name: string): Promise<FoundNode> {
  const repository = await openRepository(settings, terminal, terminalLog(terminal, { progress: false }))
  try {
    const directory = await chooseCluster(repository.reader, settings.cluster, terminal.interrupted)
    const loaded = await loadDesired(repository.reader, directory, terminal.interrupted)
    if (loaded.kind === 'refused') return { problems: loaded.problems }
    const { nodes } = loaded.desired.cluster.spec
    const found = nodes.find((node) => node.name === name)
    if (found === undefined) throw nodeUnknown(name, nodes)
    return found
  } finally {
    await repository.close()
  }
}

function nodeUnknown(name: string, nodes: readonly InventoryNode[]): Failure {
  const names = nodes.map((node) => node.name)
  const meant = closestWord(name, names)
  const list = names.length === 0 ? 'spec.nodes is empty' : `spec.nodes has ${names.join(', ')}`
  return new Failure(`there is no node ${JSON.stringify(name)} in the inventory: ${list}`, {
    code: 'NODE_UNKNOWN',
    where: 'spec.nodes',
    fix: meant === undefined ? 'add it to spec.nodes of network.yaml with its role' : `did you mean ${meant}?`,
    retry: 'when-changed',
  })
}

function k3sInstalled(machine: Machine): Failure {
  return new Failure('K3s is installed on this machine already', {
    code: 'K3S_INSTALLED',
    where: machine.root,
    fix: 'what a cluster keeps for life is decided; take the machine over with fairlead adopt and fairlead run',
    retry: 'never',
  })
}

function refuseOther(adoption: Adoption, cluster: string, node: string): void {
  if (adoption.cluster === cluster && adoption.node === node) return
  throw new Failure(`this machine was prepared as node ${adoption.node} of cluster ${adoption.cluster}`, {
    code: 'OTHER_MACHINE',
    where: fairleadPaths.state,
    fix: `name that node, or remove ${fairleadPaths.state} if the machine was wiped`,
    retry: 'never',
  })
}

function requireRoot({ root }: Machine): void {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new Failure(`the root directory ${root} does not exist`, {
    code: 'ROOT_MISSING',
    where: root,
    fix: 'create the directory, or name another with --root',
    retry: 'never',
  })
}
