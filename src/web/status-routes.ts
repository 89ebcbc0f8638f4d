import type { ClockPort } from '../ports/clock-port.ts'
import { createEventStream } from './event-stream.ts'
import { readinessChecks, readinessText } from './readiness.ts'
import { reply, replyJson, replyText } from './replies.ts'
import type { Exchange, Route } from './routes.ts'
import type { StatusSource } from './status-source.ts'

/**
 * `/healthz`, `/readyz`, `/api/status`, `/api/history`, `/api/drift`, `/api/stream`, `/metrics`; all read-only.
 * @param metricsText the registry in Prometheus' text format, version 0.0.4
 */
export function statusRoutes(source: StatusSource, clock: ClockPort, metricsText: () => Promise<string>): Route[] {
  const stream = createEventStream(source, clock)
  return [
    { method: 'GET', path: '/healthz', access: 'open', handle: ({ response }) => replyText(response, 200, 'ok') },
    { method: 'GET', path: '/readyz', access: 'open', handle: (exchange) => answerReadiness(source, exchange) },
    api('/api/status', ({ response }) => {
      const status = source.current()
      if (status === undefined) replyJson(response, 503, { error: 'NO_STATUS_YET', message: 'no pass has ended yet' })
      else replyJson(response, 200, status)
    }),
    api('/api/history', async ({ response }) => {
      replyJson(response, 200, { lastPassAt: lastPassAt(source), passes: await source.history() })
    }),
    api('/api/drift', async ({ response }) => replyJson(response, 200, { lostEdits: await source.lostEdits() })),
    api('/api/stream', (exchange) => stream.handle(exchange)),
    api('/metrics', async ({ response }) => {
      reply(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await metricsText())
    }),
  ]
}

function api(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path, access: 'token', handle }
}

function answerReadiness(source: StatusSource, { request, response }: Exchange): void {
  const checks = readinessChecks(source.current())
  const status = checks.every((check) => check.ok) ? 200 : 503
  if (request.headers.accept?.includes('application/json')) {
    replyJson(response, status, { ready: status === 200, lastPassAt: lastPassAt(source), checks })
  } else {
    replyText(response, status, readinessText(checks))
  }
}

/** ISO 8601, or null before the first pass. */
function lastPassAt(source: StatusSource): string | null {
  const atMs = source.lastPassAtMs()
  return atMs === undefined ? null : new Date(atMs).toISOString()
}
