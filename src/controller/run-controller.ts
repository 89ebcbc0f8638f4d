import { readFileSync } from 'node:fs'
import { scheduleCron } from '../adapters/clock/cron-schedule.ts'
import { systemClock } from '../adapters/clock/system-clock.ts'
import { type GitSourceOptions, openGitSource } from '../adapters/git/git-source.ts'
import { clusterInventory } from '../adapters/kube/cluster-inventory.ts'
import { openControllerApi } from '../adapters/kube/controller-api.ts'
import { eventRecorder } from '../adapters/kube/event-recorder.ts'
import { leaderLease } from '../adapters/kube/leader-lease.ts'
import { watchCluster } from '../adapters/kube/watched-cluster.ts'
import { createControllerMetrics } from '../adapters/metrics/controller-metrics.ts'
import { Failure } from '../domain/failure.ts'
import { fairleadNames, fairleadNamespace } from '../domain/fairlead-api.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import { Controller } from '../reconcile/controller/controller.ts'
import { controllerDefaults } from '../reconcile/controller/controller-ports.ts'
import type { Settings } from '../settings.ts'
import { type Listener, startListener } from '../web/http-listener.ts'
import { webhookRoute } from '../web/webhook.ts'
import { controllerRoutes } from './controller-routes.ts'

export interface ControllerOptions {
  readonly settings: Settings
  /** The repository; its copy is of this process alone. */
  readonly repository: GitSourceOptions
  /** Where it listens; nowhere when absent. */
  readonly address?: { readonly host: string; readonly port: number }
  /** The host or pod, for people who ask who leads. */
  readonly identity: string
  readonly version: string
  readonly log: LogPort
  readonly interrupted: AbortSignal
  readonly onListening?: (listener: Listener) => void
}

/** `fairlead controller`: the cluster's side, until interrupted. What it published stays in force. */
export async function runController(options: ControllerOptions): Promise<void> {
  const { settings, log, interrupted, identity } = options
  const clock = systemClock(scheduleCron)
  const metrics = createControllerMetrics(options.version)
  const signingKey = settings.signingKeyFile === undefined ? undefined : readKeyFile(settings.signingKeyFile)
  const git = openGitSource(options.repository)
  const ended = new AbortController()
  const objects = await openControllerApi(kubeTarget(settings), interrupted, {
    onRequest: (verb, resource, status) => metrics.requestAnswered(verb, resource, status),
  })
  try {
    const lease = { namespace: fairleadNamespace, name: fairleadNames.leaderLease, identity }
    const events = eventRecorder(objects, clock, { component: 'fairlead-controller', host: identity }, ended.signal)
    const { cluster, interval, resync, timeZone } = settings
    const controller = new Controller(
      {
        version: options.version,
        cluster,
        intervalMs: interval,
        resync: resync === undefined ? undefined : { schedule: resync, timeZone },
        signingKey,
        ...controllerDefaults,
      },
      {
        objects,
        git,
        leader: leaderLease(objects, clock, lease),
        events,
        clock,
        log,
        metrics,
        watchCluster: (changed, signal) => watchCluster(objects, clock, changed, signal),
        openInventory: clusterInventory,
      },
    )
    const listener = await listen(options, controller, metrics, clock)
    try {
      if (listener !== undefined) options.onListening?.(listener)
      log.info({ api: objects.address, repository: git.description, version: options.version }, 'controller started')
      await controller.run(interrupted)
      await Promise.race([events.flush(), clock.sleep(1_000, ended.signal)])
    } finally {
      await listener?.close()
    }
    log.info({}, 'controller stopped; what it published stays in force')
  } finally {
    ended.abort()
    await git.close()
    await objects.close()
  }
}

function kubeTarget({ kubeconfig, kubeContext }: Settings): Parameters<typeof openControllerApi>[0] {
  const kubeconfigs = kubeconfig?.split(':').filter((file) => file !== '') ?? []
  return { kubeconfigs, ...(kubeContext === undefined ? {} : { context: kubeContext }) }
}

/** @throws Failure SIGNING_KEY_UNREADABLE */
function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Failure(
      `${path} cannot be read`,
      {
        code: 'SIGNING_KEY_UNREADABLE',
        where: '--signing-key-file',
        fix: 'name a file with an Ed25519 private key that this user may read',
        retry: 'when-changed',
      },
      { cause },
    )
  }
}

async function listen(
  { settings, address, log }: ControllerOptions,
  controller: Controller,
  metrics: ReturnType<typeof createControllerMetrics>,
  clock: ClockPort,
): Promise<Listener | undefined> {
  if (address === undefined) return undefined
  const { tlsCertFile: certFile, tlsKeyFile: keyFile, tokenFile, webhookSecretFile } = settings
  const webhook = {
    ...(webhookSecretFile === undefined ? {} : { secretFile: webhookSecretFile }),
    onPush: () => controller.trigger('webhook'),
  }
  return await startListener(
    {
      ...address,
      allowInsecure: settings.insecureHttp,
      ...(certFile === undefined || keyFile === undefined ? {} : { tls: { certFile, keyFile } }),
      ...(tokenFile === undefined ? {} : { tokenFile }),
      routes: [...controllerRoutes(controller, () => metrics.text()), webhookRoute(webhook, { clock, log, metrics })],
    },
    clock,
    log,
  )
}
