import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricsPort } from '../../ports/metrics-port.ts'

export interface PrometheusMetrics extends MetricsPort {
  /** The whole registry in the text format, version 0.0.4. */
  text(): Promise<string>
}

/** From a repaired file to a pass that fetched over a slow line, in seconds. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const conditionStatuses = ['True', 'False', 'Unknown'] as const

/** Our own metrics as `fairlead_*`; those of the process under the names that dashboards know. */
export function createPrometheusMetrics(version: string): PrometheusMetrics {
  const registry = new Registry()
  const registers = [registry]
  // The event loop is sampled by a timer of its own: the default, 100 times a second, would wake an idle node for it.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 })
  new Gauge({
    name: 'fairlead_build_info',
    help: 'Always 1; the version is a label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1)
  const passSeconds = new Histogram({
    name: 'fairlead_reconcile_duration_seconds',
    help: 'Duration of passes.',
    labelNames: ['target', 'verdict'],
    buckets: secondsBuckets,
    registers,
  })
  const passes = new Counter({
    name: 'fairlead_reconcile_total',
    help: 'Passes ended.',
    labelNames: ['target', 'verdict'],
    registers,
  })
  const changes = new Counter({
    name: 'fairlead_changes_total',
    help: 'Changes applied.',
    labelNames: ['kind', 'cause'],
    registers,
  })
  const fetchSeconds = new Histogram({
    name: 'fairlead_git_fetch_duration_seconds',
    help: 'Duration of fetches from the repository.',
    labelNames: ['outcome'],
    buckets: secondsBuckets,
    registers,
  })
  const repairSeconds = new Histogram({
    name: 'fairlead_drift_repair_duration_seconds',
    help: 'From the event that showed drift to the file being right again.',
    buckets: secondsBuckets,
    registers,
  })
  const deployed = new Counter({
    name: 'fairlead_deployed_objects_total',
    help: 'Objects that manifests changed in the cluster.',
    labelNames: ['action'],
    registers,
  })
  const conditions = new Gauge({
    name: 'fairlead_condition',
    help: '1 for the status that a condition has, 0 for the others.',
    labelNames: ['type', 'status'],
    registers,
  })
  const webhooks = new Counter({
    name: 'fairlead_webhook_requests_total',
    help: 'Webhook deliveries answered.',
    labelNames: ['provider', 'status'],
    registers,
  })
  return {
    passEnded(target, verdict, durationMs) {
      passSeconds.observe({ target, verdict }, durationMs / 1000)
      passes.inc({ target, verdict })
    },
    changeApplied: (kind, cause) => changes.inc({ kind, cause }),
    fetchEnded: (outcome, durationMs) => fetchSeconds.observe({ outcome }, durationMs / 1000),
    driftRepaired: (durationMs) => repairSeconds.observe(durationMs / 1000),
    objectsDeployed(counts) {
      for (const action of ['created', 'patched', 'deleted'] as const) deployed.inc({ action }, counts[action])
    },
    conditionIs(type, status) {
      for (const candidate of conditionStatuses)
        conditions.set({ type, status: candidate }, candidate === status ? 1 : 0)
    },
    webhookAnswered: (provider, status) => webhooks.inc({ provider, status: String(status) }),
    text: () => registry.metrics(),
  }
}
