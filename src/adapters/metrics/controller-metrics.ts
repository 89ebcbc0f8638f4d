import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ControllerMetricsPort } from '../../ports/controller-metrics-port.ts'

/** What a controller counts, for Prometheus. Names and labels are told by `docs/controller.md`. */
export interface ControllerMetrics extends ControllerMetricsPort {
  webhookAnswered(provider: string, status: number): void
  /** One request to the Kubernetes API; status 0 when no answer came. */
  requestAnswered(verb: string, resource: string, status: number): void
  /** The whole registry in the text format, version 0.0.4. */
  text(): Promise<string>
}

/** From a pass that changed nothing to one over thousands of nodes, in seconds. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const conditionStatuses = ['True', 'False', 'Unknown'] as const

export function createControllerMetrics(version: string): ControllerMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 })
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `fairlead_${name}`, help, labelNames, registers })
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `fairlead_${name}`, help, labelNames, registers })
  const seconds = (name: string, help: string, ...labelNames: string[]) =>
    new Histogram({ name: `fairlead_${name}`, help, labelNames, buckets: secondsBuckets, registers })

  gauge('build_info', 'Always 1; the version is a label.', 'version').set({ version }, 1)
  const passSeconds = seconds('reconcile_duration_seconds', 'Duration of passes.', 'target', 'verdict')
  const passes = counter('reconcile_total', 'Passes ended.', 'target', 'verdict')
  const fetchSeconds = seconds('git_fetch_duration_seconds', 'Duration of fetches from the repository.', 'outcome')
  const leader = gauge('controller_leader', '1 while this controller leads.')
  const publications = counter('published_programs_total', 'NodeProgram objects written.', 'cause')
  const permits = counter('permits_total', 'Permits given and taken back.', 'kind')
  const nodes = gauge('nodes', 'Nodes by how far they are.', 'state')
  const conditions = gauge('condition', '1 for the status that a condition has, 0 for the others.', 'type', 'status')
  const webhooks = counter('webhook_requests_total', 'Webhook deliveries answered.', 'provider', 'status')
  const requests = counter(
    'kube_api_requests_total',
    'Requests to the Kubernetes API answered; code 0 when no answer came.',
    'verb',
    'resource',
    'code',
  )
  leader.set(0)
  return {
    passEnded(target, verdict, durationMs) {
      passSeconds.observe({ target, verdict }, durationMs / 1000)
      passes.inc({ target, verdict })
    },
    fetchEnded: (outcome, durationMs) => fetchSeconds.observe({ outcome }, durationMs / 1000),
    leads: (isLeader) => leader.set(isLeader ? 1 : 0),
    published: (cause, count) => publications.inc({ cause }, count),
    permitWritten: (kind) => permits.inc({ kind }),
    nodesAre: (state, count) => nodes.set({ state }, count),
    conditionIs(type, status) {
      for (const candidate of conditionStatuses)
        conditions.set({ type, status: candidate }, candidate === status ? 1 : 0)
    },
    webhookAnswered: (provider, status) => webhooks.inc({ provider, status: String(status) }),
    requestAnswered: (verb, resource, status) => requests.inc({ verb, resource, code: String(status) }),
    text: () => registry.metrics(),
  }
}
