import type { Controller, ControllerState } from '../reconcile/controller/controller.ts'
import { shortenedText } from '../reconcile/controller/shortened-text.ts'
import { reply, replyJson, replyText } from '../web/replies.ts'
import type { Route } from '../web/routes.ts'

/** More than these are for `fairlead lint` and the log. */
const mostTold = 20

/** `/healthz`, `/readyz`, `/api/status` and `/metrics` of a controller; all read-only. */
export function controllerRoutes(controller: Controller, metricsText: () => Promise<string>): Route[] {
  return [
    { method: 'GET', path: '/healthz', access: 'open', handle: ({ response }) => replyText(response, 200, 'ok') },
    {
      method: 'GET',
      path: '/readyz',
      access: 'open',
      handle({ response }) {
        const state = controller.state()
        const lines = [`${state.isReady ? 'ok' : 'not ready'}: ${state.leads ? 'leader' : 'standby'}`, ...places(state)]
        replyText(response, state.isReady ? 200 : 503, lines.join('\n'))
      },
    },
    {
      method: 'GET',
      path: '/api/status',
      access: 'token',
      handle({ response }) {
        const state = controller.state()
        const { leads, isReady, record } = state
        replyJson(response, 200, { leads, ready: isReady, record: record ?? null, ...troublesOf(state) })
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'token',
      async handle({ response }) {
        reply(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await metricsText())
      },
    },
  ]
}

/** Codes and places: who may ask here need not be one who may read the repository. */
function places({ failures, refused }: ControllerState): readonly string[] {
  const errors = refused?.problems.filter(({ severity }) => severity === 'error') ?? []
  const lines = [
    ...failures.map(({ detail: { code, where } }) => `${code}: ${where}`),
    ...errors.map(({ code, place: { file, line, column } }) => `${code}: ${file}:${line}:${column}`),
  ]
  return [...new Set(lines)].slice(0, mostTold)
}

/** The line of the repository that a problem shows is left out: it is in the record of no other place either. */
function troublesOf({ failures, refused }: ControllerState): object {
  const told = failures
    .slice(0, mostTold)
    .map(({ message, detail: { code, where, fix } }) => ({ code, message, where, fix }))
  if (refused === undefined) return { failures: told, refused: null }
  const problems = refused.problems
    .toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
    .slice(0, mostTold)
    .map(({ what, why, fix, code, severity, place }) => {
      return { code, severity, place, what: shortenedText(what), why: shortenedText(why), fix: shortenedText(fix) }
    })
  return { failures: told, refused: { revision: refused.revision, count: refused.problems.length, problems } }
}
