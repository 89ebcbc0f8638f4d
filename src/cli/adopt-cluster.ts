import { systemClock } from '../adapters/clock/system-clock.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { ClusterInventoryPort } from '../ports/cluster-inventory-port.ts'
import { type AdoptionPreview, adoptCluster, previewAdoption } from '../reconcile/cluster/adopt-cluster.ts'
import { chooseCluster } from '../reconcile/load-desired.ts'
import { ask, canAsk } from './ask.ts'
import { clusterObjects } from './cluster-objects.ts'
import type { CommandCall } from './command.ts'
import { openRepository } from './open-repository.ts'
import { reportRefused } from './print-problems.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

/** `fairlead adopt --cluster-side`: what would change in the Kubernetes API, and with a yes, leave to change it. */
export async function adoptClusterSide(call: CommandCall): Promise<ExitCode> {
  const { settings, terminal, options } = call
  const signal = terminal.interrupted
  const objects = await clusterObjects(call)
  try {
    const { clusterInventory } = await import('../adapters/kube/cluster-inventory.ts')
    const inventory = clusterInventory(objects)
    const preview = await previewOf(call, objects, inventory)
    if (preview.kind === 'refused') {
      reportRefused(preview.problems, terminal)
      return exitCode.denied
    }
    const { cluster, before, changes, reports } = preview
    for (const line of changes) terminal.out.write(`${printable(line)}\n`)
    for (const line of reports) terminal.err.write(`fairlead: ${printable(line)}\n`)
    if (before?.cluster === cluster) {
      terminal.out.write(`already adopted as cluster ${printable(cluster)}\n`)
      return exitCode.done
    }
    if (options['yes'] !== true) {
      if (!canAsk(terminal)) {
        terminal.err.write('fairlead: nobody can answer here; read what is above and say --yes\n')
        return exitCode.badUsage
      }
      if (!(await ask(question(preview, objects.address), terminal))) {
        terminal.err.write('nothing was changed\n')
        return exitCode.failed
      }
    } else if (before !== undefined && settings.cluster === undefined) {
      const fix = `name the new one with --cluster ${printable(cluster)}`
      terminal.err.write(`fairlead: this cluster was adopted as ${printable(before.cluster)}\n  fix  ${fix}\n`)
      return exitCode.badUsage
    }
    await adoptCluster(cluster, inventory, systemClock().nowMs(), signal)
    terminal.out.write(`adopted as cluster ${printable(cluster)}\n`)
    terminal.err.write('fairlead controller writes from its next pass on\n')
    return exitCode.done
  } finally {
    await objects.close()
  }
}

const readKinds = [
  { apiVersion: 'v1', kind: 'Node' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
] as const

async function previewOf(
  { settings, terminal }: CommandCall,
  objects: Awaited<ReturnType<typeof clusterObjects>>,
  inventory: ClusterInventoryPort,
): Promise<AdoptionPreview> {
  const { watchCluster } = await import('../adapters/kube/watched-cluster.ts')
  const end = new AbortController()
  const signal = AbortSignal.any([terminal.interrupted, end.signal])
  const repository = await openRepository(settings, terminal, terminalLog(terminal, { progress: false }))
  try {
    // A watch tries for ever; who asks once is told at once what stands in the way.
    await Promise.all(readKinds.map((kind) => objects.list({ ...kind, metadataOnly: true }, signal)))
    const watched = watchCluster(objects, systemClock(), () => undefined, signal)
    const directory = await chooseCluster(repository.reader, settings.cluster, signal)
    await watched.ready
    return await previewAdoption(repository.reader, directory, watched, inventory, signal)
  } finally {
    end.abort()
    await repository.close()
  }
}

function question(
  { cluster, before, changes }: Extract<AdoptionPreview, { kind: 'preview' }>,
  address: string,
): string {
  const moved = before === undefined ? '' : ` (it was ${printable(before.cluster)})`
  const count = changes.length === 1 ? 'the object' : `the ${changes.length} objects`
  const taken = changes.length === 0 ? '' : `, and change ${count} above`
  return `Let Fairlead manage the cluster at ${printable(address)} as ${printable(cluster)}${moved}${taken}?`
}
