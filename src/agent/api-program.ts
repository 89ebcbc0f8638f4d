import { existsSync } from 'node:fs'
import { openProgramCache } from '../adapters/disk/program-cache.ts'
import { openAgentApi } from '../adapters/kube/agent-api.ts'
import { balancedServers, placesElsewhere } from '../adapters/kube/agent-places.ts'
import type { PermitPort } from '../ports/permit-port.ts'
import { mayHaveOthers, ReturnGuard } from '../reconcile/api-source/return-guard.ts'
import { type ApiSource, apiSource } from '../reconcile/api-source.ts'
import type { ProgramSource } from '../reconcile/program-source.ts'
import type { Settings } from '../settings.ts'
import { controllerKeys } from './controller-keys.ts'
import { readK3sHere } from './k3s-here.ts'
import { agentKubeconfigs, apiOfNode } from './kubelet-name.ts'
import type { Machine } from './this-machine.ts'

/** A program that comes from a controller, and what belongs to that. */
export interface ApiProgram {
  readonly source: ProgramSource
  readonly permits: PermitPort
  /** Resolves once a K3s of this machine may start. */
  readonly mayStartK3s: Promise<void>
}

export interface ApiProgramOptions {
  readonly settings: Settings
  readonly machine: Machine
  readonly node: string
  readonly agentVersion: string
  /** Told when the kubelet of this machine turns out to be another node; where absent, the name is meant as it is. */
  readonly onRenamed: (() => void) | undefined
}

/** The program of this node as its NodeProgram object in the Kubernetes API has it. */
export async function openApiProgram(
  { settings, machine, node, agentVersion, onRenamed }: ApiProgramOptions,
  signal: AbortSignal,
): Promise<ApiProgram> {
  const { log, clock, state, files, k3s } = machine
  const k3sHere = await readK3sHere(machine, signal)
  const cache = openProgramCache({ stateDirectory: machine.stateDirectory, log })
  let learned = await cache.readServers()
  const kubeconfigs = agentKubeconfigs(settings, k3sHere)
  const reached = openAgentApi({
    root: machine.root,
    kubeconfigs,
    ...(settings.kubeContext === undefined ? {} : { context: settings.kubeContext }),
    // K3s's own file may have changed since the last connection.
    servers: () => [...balancedServers(k3sHere.dataDirectory), ...(learned ?? []), ...k3sHere.configured],
  })
  const { root } = machine
  const api = onRenamed === undefined ? reached : apiOfNode(node, reached, { kubeconfigs, root }, onRenamed)
  const source = apiSource(
    { node, agentVersion, cluster: settings.cluster, controllerKeys: controllerKeys(settings.controllerKeyFile) },
    {
      api,
      cache,
      state,
      clock,
      log,
      learned: async (servers) => {
        if (JSON.stringify(servers) !== JSON.stringify(learned)) await cache.writeServers(servers)
        learned = servers
      },
    },
  )
  let onHint: () => void = () => undefined
  const guard = new ReturnGuard({ files, state, k3s, cache, clock, log, changed: () => onHint() })
  const others = mayHaveOthers({
    learned: learned === undefined ? undefined : placesElsewhere(learned).map(({ host }) => host),
    configured: [...balancedServers(k3sHere.dataDirectory), ...k3sHere.configured],
    hasEtcd: existsSync(`${k3sHere.dataDirectory}/server/db/etcd`),
    datastore: k3sHere.datastore,
  })
  await guard.begin(others, signal)
  const start = async (hint: () => void): Promise<void> => {
    onHint = hint
    await source.start?.(hint)
  }
  return { source: { ...guarded(source, guard), start }, permits: source.permits, mayStartK3s: guard.settled }
}

function guarded(source: ApiSource, guard: ReturnGuard): ProgramSource {
  return {
    ...source,
    told: (pass) => {
      source.told?.(pass)
      guard.passed(pass, source.heard())
    },
    conditions: () => guard.conditions(),
    close: async () => {
      await guard.close()
      await source.close()
    },
  }
}
