import { openFileEvents } from '../adapters/disk/file-events.ts'
import { createPrometheusMetrics, type PrometheusMetrics } from '../adapters/metrics/prometheus-metrics.ts'
import type { KernelPorts } from '../reconcile/network/kernel-loop.ts'
import { Reconciler, type ReconcilerPorts } from '../reconcile/reconciler.ts'
import type { Settings } from '../settings.ts'
import { type Listener, startListener } from '../web/http-listener.ts'
import { pageRoutes } from '../web/page-assets.ts'
import type { Route } from '../web/routes.ts'
import { statusRoutes } from '../web/status-routes.ts'
import { webhookRoute } from '../web/webhook.ts'
import { kubeconfigsFor } from './kubeconfigs.ts'
import { listenAddress } from './listen-address.ts'
import { openMachineCleanups } from './this-cleanups.ts'
import { keepsKernel, openKernel } from './this-kernel.ts'
import { convergeSettings, type Machine } from './this-machine.ts'

export interface MachineOptions {
  readonly settings: Settings
  readonly machine: Machine
  readonly node: string
  readonly version: string
  /** Where an agent finds its program; the repository of the settings when absent. */
  readonly programFile?: string
  /** `bin/fairlead-panic`, for when a way back fails. */
  readonly panicScript?: string
  /** Ends everything, passes under way included. */
  readonly interrupted: AbortSignal
  /** Routes beside ours, and the repository when it is only known once the listener is up: the demo's own. */
  readonly embedded?: {
    readonly routes: (trigger: (reason: string) => void) => readonly Route[]
    readonly repositoryUrl: (listener: Listener) => string
    /** A tree that Fairlead made itself is adopted from the start. */
    readonly adoptFor: string | undefined
  }
  readonly onListening?: (listener: Listener) => void
}

/** `fairlead run` and `fairlead agent`: one machine, until interrupted. */
export async function runMachine(options: MachineOptions): Promise<void> {
  const release = await options.machine.state.acquireLock()
  try {
    await adoptOwnTree(options)
    await listenAndReconcile(options)
  } finally {
    await release()
  }
}

async function listenAndReconcile(options: MachineOptions): Promise<void> {
  const { machine, node, interrupted } = options
  const metrics = createPrometheusMetrics(options.version)
  const started: { reconciler?: Reconciler } = {}
  // Routes join the listener as what they show comes up: the demo's repository has to be served before it can be read.
  const routes: Route[] = [...(options.embedded?.routes((reason) => started.reconciler?.trigger(reason)) ?? [])]
  const listener = await listen(options, routes)
  try {
    const url = listener === undefined ? undefined : options.embedded?.repositoryUrl(listener)
    const reconciler = newReconciler(options, await openProgram(options, url), metrics)
    started.reconciler = reconciler
    routes.push(...ownRoutes(reconciler, metrics, options))
    if (listener !== undefined) options.onListening?.(listener)
    interrupted.addEventListener('abort', () => reconciler.stop(), { once: true })
    if (interrupted.aborted) return
    machine.log.info({ node, root: machine.root, version: options.version }, 'fairlead started')
    if (options.settings.kernel === 'auto' && !keepsKernel(options.settings, machine.root)) {
      machine.log.info(
        { root: machine.root },
        'this kernel is left alone, because --root names another machine; --kernel on keeps it',
      )
    }
    await reconciler.run()
    machine.log.info(
      { node },
      'fairlead stopped; what it wrote stays in force, but for a change that was not confirmed',
    )
  } finally {
    await listener?.close()
  }
}

async function adoptOwnTree({ machine, node, embedded }: MachineOptions): Promise<void> {
  const cluster = embedded?.adoptFor
  if (cluster === undefined || (await machine.state.readAdoption()) !== undefined) return
  const adoptedAt = new Date(machine.clock.nowMs()).toISOString()
  await machine.state.writeAdoption({ cluster, node, adoptedAt, takenOver: {} })
}

function newReconciler(
  options: MachineOptions,
  program: Pick<ReconcilerPorts, 'source' | 'git'>,
  metrics: PrometheusMetrics,
): Reconciler {
  const { settings, machine, node } = options
  const { root, stateDirectory, log } = machine
  return new Reconciler(
    {
      cluster: settings.cluster,
      node,
      ...convergeSettings(settings, { placeFlags: false }),
      intervalMs: settings.interval,
      resync: settings.resync === undefined ? undefined : { schedule: settings.resync, timeZone: settings.timeZone },
    },
    {
      ...machine,
      metrics,
      ...program,
      ...(keepsKernel(settings, root) ? { kernel: tendedKernel(options, metrics) } : {}),
      events: openFileEvents({ root, stateDirectory, log }),
    },
  )
}

/** Only the loop cleans up by itself: a single pass cannot watch. */
function tendedKernel(
  { settings, machine, node, panicScript }: MachineOptions,
  metrics: PrometheusMetrics,
): KernelPorts {
  const { ports, events } = openKernel(machine, metrics, {
    emergency: panicScript,
    confirmTimeoutMs: settings.confirmTimeout,
  })
  const kubeconfigs = kubeconfigsFor({ settings }, machine.root)
  return { ports: { ...ports, cleanups: openMachineCleanups(machine, { node, kubeconfigs }) }, events }
}

function ownRoutes(reconciler: Reconciler, metrics: PrometheusMetrics, options: MachineOptions): Route[] {
  const { clock, log } = options.machine
  const { webhookSecretFile } = options.settings
  const webhook = {
    ...(webhookSecretFile === undefined ? {} : { secretFile: webhookSecretFile }),
    onPush: () => reconciler.trigger('webhook'),
  }
  return [
    ...pageRoutes(),
    ...statusRoutes(reconciler.reporter, clock, () => metrics.text()),
    webhookRoute(webhook, { clock, log, metrics }),
  ]
}

/** Each is loaded only where it is needed. */
async function openProgram(
  { settings, machine, node, programFile }: MachineOptions,
  url: string | undefined,
): Promise<Pick<ReconcilerPorts, 'source' | 'git'>> {
  if (programFile !== undefined) {
    return (await import('./file-program.ts')).openFileProgram(programFile, node, machine.log)
  }
  return (await import('./repository-program.ts')).openRepositoryProgram(settings, machine, node, url)
}

async function listen(options: MachineOptions, routes: readonly Route[]): Promise<Listener | undefined> {
  const { settings, machine } = options
  const address = listenAddress(settings.listen)
  if (address === undefined) return undefined
  const { tlsCertFile: certFile, tlsKeyFile: keyFile, tokenFile } = settings
  return startListener(
    {
      ...address,
      fallback: options.embedded !== undefined,
      allowInsecure: settings.insecureHttp,
      ...(certFile === undefined || keyFile === undefined ? {} : { tls: { certFile, keyFile } }),
      ...(tokenFile === undefined ? {} : { tokenFile }),
      routes,
    },
    machine.clock,
    machine.log,
  )
}
