import { openFileEvents } from '../adapters/disk/file-events.ts'
import { openGitSource } from '../adapters/git/git-source.ts'
import { createPrometheusMetrics, type PrometheusMetrics } from '../adapters/metrics/prometheus-metrics.ts'
import { Reconciler } from '../reconcile/reconciler.ts'
import type { Settings } from '../settings.ts'
import { type Listener, startListener } from '../web/http-listener.ts'
import { pageRoutes } from '../web/page-assets.ts'
import type { Route } from '../web/routes.ts'
import { statusRoutes } from '../web/status-routes.ts'
import { webhookRoute } from '../web/webhook.ts'
import { gitOptions } from './git-options.ts'
import { listenAddress } from './listen-address.ts'
import { convergeSettings, type Machine, machineFacts } from './this-machine.ts'

export interface MachineOptions {
  readonly settings: Settings
  readonly machine: Machine
  readonly node: string
  readonly version: string
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

/** `fairlead run`: controller and agent of one machine in one process, until interrupted. */
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
    const reconciler = newReconciler(options, url, metrics)
    started.reconciler = reconciler
    routes.push(...ownRoutes(reconciler, metrics, options))
    if (listener !== undefined) options.onListening?.(listener)
    interrupted.addEventListener('abort', () => reconciler.stop(), { once: true })
    if (interrupted.aborted) return
    machine.log.info({ node, root: machine.root, version: options.version }, 'fairlead started')
    await reconciler.run()
    machine.log.info({ node }, 'fairlead stopped; what it wrote stays in force')
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

function newReconciler(options: MachineOptions, url: string | undefined, metrics: PrometheusMetrics): Reconciler {
  const { settings, machine, node } = options
  const { root, stateDirectory, log } = machine
  return new Reconciler(
    {
      cluster: settings.cluster,
      facts: machineFacts({ ...settings, node }, { hostName: node, workingDirectory: '/' }),
      node,
      ...convergeSettings(settings, { placeFlags: false }),
      intervalMs: settings.interval,
      resync: settings.resync === undefined ? undefined : { schedule: settings.resync, timeZone: settings.timeZone },
    },
    {
      ...machine,
      metrics,
      git: openGitSource(gitOptions(settings, url, stateDirectory, log)),
      events: openFileEvents({ root, stateDirectory, log }),
    },
  )
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
