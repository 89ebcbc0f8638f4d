import { createPrometheusMetrics, type PrometheusMetrics } from '../adapters/metrics/prometheus-metrics.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { Settings } from '../settings.ts'
import { type Listener, startListener } from '../web/http-listener.ts'
import { pageRoutes } from '../web/page-assets.ts'
import type { Route } from '../web/routes.ts'
import { statusRoutes } from '../web/status-routes.ts'
import { webhookRoute } from '../web/webhook.ts'
import type { listenAddress } from './listen-address.ts'
import type { Machine } from './this-machine.ts'

/** What shows a machine to others. Loaded only where something listens: an agent at rest has better use for the memory. */
export interface MachineListener {
  readonly listener: Listener
  readonly metrics: PrometheusMetrics
  /** Page, status, metrics and webhook of a loop that is there by now. */
  show(reconciler: Reconciler): void
}

/** @param routes what is there from the start; what shows the loop joins them */
export async function openMachineListener(
  address: NonNullable<ReturnType<typeof listenAddress>>,
  options: {
    readonly settings: Settings
    readonly machine: Machine
    readonly version: string
    readonly fallback: boolean
  },
  routes: Route[],
): Promise<MachineListener> {
  const { settings, machine, version, fallback } = options
  const { clock, log } = machine
  const metrics = createPrometheusMetrics(version)
  const { tlsCertFile: certFile, tlsKeyFile: keyFile, tokenFile } = settings
  const listener = await startListener(
    {
      ...address,
      fallback,
      allowInsecure: settings.insecureHttp,
      ...(certFile === undefined || keyFile === undefined ? {} : { tls: { certFile, keyFile } }),
      ...(tokenFile === undefined ? {} : { tokenFile }),
      routes,
    },
    clock,
    log,
  )
  return {
    listener,
    metrics,
    show: (reconciler) => {
      const { webhookSecretFile } = settings
      const webhook = {
        ...(webhookSecretFile === undefined ? {} : { secretFile: webhookSecretFile }),
        onPush: () => reconciler.trigger('webhook'),
      }
      routes.push(
        ...pageRoutes(),
        ...statusRoutes(reconciler.reporter, clock, () => metrics.text()),
        webhookRoute(webhook, { clock, log, metrics }),
      )
    },
  }
}
