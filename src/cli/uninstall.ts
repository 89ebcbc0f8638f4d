import { systemClock } from '../adapters/clock/system-clock.ts'
import { parseDurationMs } from '../domain/duration.ts'
import { exitCode } from '../domain/exit-code.ts'
import { fairleadNames, fairleadNamespace } from '../domain/fairlead-api.ts'
import { removeInstallation } from '../reconcile/install/remove-installation.ts'
import { refText } from '../reconcile/objects/object-outcome.ts'
import { ask, canAsk } from './ask.ts'
import { clusterObjects } from './cluster-objects.ts'
import type { Command, CommandCall } from './command.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

const defaultTimeout = '5m'

/** Takes Fairlead out of a cluster: controller, agents of the nodes, labels, objects, rights, namespace and kinds. */
export const uninstallCommand: Command = async (call) => {
  const { options, terminal } = call
  const timeout = String(options['timeout'] ?? defaultTimeout)
  const waitMs = parseDurationMs(timeout)
  if (waitMs === undefined) {
    terminal.err.write(`fairlead: --timeout: ${JSON.stringify(timeout)} is no duration; write 30s, 5m or 1h\n`)
    return exitCode.badUsage
  }
  if (options['yes'] !== true && !canAsk(terminal)) {
    terminal.err.write('fairlead: uninstall asks first; answer with --yes where nobody can\n')
    return exitCode.badUsage
  }
  const objects = await clusterObjects(call)
  try {
    const keepNodeAgents = options['keep-node-agents'] === true
    if (options['yes'] !== true && !(await ask(question(objects.address, keepNodeAgents), terminal))) {
      return exitCode.failed
    }
    const { leaderLease } = await import('../adapters/kube/leader-lease.ts')
    const clock = systemClock()
    const ports = {
      objects,
      clock,
      leader: leaderLease(objects, clock, {
        namespace: fairleadNamespace,
        name: fairleadNames.leaderLease,
        identity: `uninstall by ${terminal.userName} on ${terminal.hostName}`,
      }),
      releaseLabels: (signal: AbortSignal) => releaseLabelsOf(objects, call, waitMs, signal),
      begins: (step: string) => terminal.err.write(`${step}\n`),
    }
    const { deleting, agentsLeft } = await removeInstallation(ports, { keepNodeAgents, waitMs }, terminal.interrupted)
    for (const ref of deleting) terminal.err.write(`still being deleted by the server: ${printable(refText(ref))}\n`)
    if (agentsLeft !== undefined) terminal.out.write(keptFor(agentsLeft.nodes))
    else if (deleting.length === 0) terminal.out.write('nothing of Fairlead is left in this cluster\n')
    return deleting.length === 0 ? exitCode.done : exitCode.failed
  } finally {
    await objects.close()
  }
}

function question(address: string, keepNodeAgents: boolean): string {
  const rest = keepNodeAgents
    ? 'objects and kinds; agents stay on their hosts, and the key that they trust in fairlead-system'
    : 'namespace fairlead-system with all in it, and the agents from their hosts'
  return `Take Fairlead out of the cluster at ${printable(address)}: controller, labels, ${rest}?`
}

/** As many names as one line takes. */
const mostNames = 10

function keptFor(nodes: readonly string[]): string {
  const shown = nodes.slice(0, mostNames).join(', ') + (nodes.length > mostNames ? `, … (${nodes.length})` : '')
  return `${[
    `agents stay on ${nodes.length === 0 ? 'their hosts' : printable(shown)}, with the program that they have`,
    `for them ${fairleadNamespace} stays, with the Secret ${fairleadNames.signingKey}: a later installation signs with it, and is heard`,
    `to remove it as well, run fairlead agent uninstall on each of them, and then: kubectl delete namespace ${fairleadNamespace}`,
  ].join('\n')}\n`
}

/** What only this needs is loaded when there is a cluster to look at. */
async function releaseLabelsOf(
  objects: Awaited<ReturnType<typeof clusterObjects>>,
  { terminal }: CommandCall,
  waitMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [{ watchCluster }, { clusterInventory }, { ClusterMemory }, { releaseLabels }] = await Promise.all([
    import('../adapters/kube/watched-cluster.ts'),
    import('../adapters/kube/cluster-inventory.ts'),
    import('../reconcile/cluster/cluster-memory.ts'),
    import('../reconcile/install/release-labels.ts'),
  ])
  const [clock, end] = [systemClock(), new AbortController()]
  const watched = watchCluster(objects, clock, () => undefined, AbortSignal.any([signal, end.signal]))
  try {
    await watched.ready
    const ports = {
      objects,
      inventory: clusterInventory(objects),
      events: { record: () => undefined },
      log: terminalLog(terminal, { progress: false }),
      clock,
      observed: () => watched.observed(),
      memory: new ClusterMemory(),
    }
    return await releaseLabels(ports, waitMs, signal)
  } finally {
    end.abort()
  }
}
