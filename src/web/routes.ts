import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request and its answer, as a route's handler gets them. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Path and query as sent, dot segments resolved and percent signs kept; its host means nothing. */
  readonly url: URL
  /** Aborted when the client is gone or the listener closes. */
  readonly signal: AbortSignal
}

/**
 * Who may call a route. `token`: whoever reached a loopback listener by a loopback name, and beyond loopback the holder
 * of the page's token. `open`: the same without the token, for probes. `signed`: anyone; the route checks the request
 * itself, and forges may call it through a proxy that keeps their Host header.
 */
export type Access = 'token' | 'open' | 'signed'

export interface Route {
  /** `GET` answers HEAD too. */
  readonly method: 'GET' | 'POST'
  /** Exact, or a prefix when it ends in `/`; `/` itself is exact. */
  readonly path: string
  readonly access: Access
  /** A larger declared body is refused before the handler runs. What is streamed is for the handler to count. */
  readonly maxBodyBytes?: number
  readonly handle: (exchange: Exchange) => void | Promise<void>
}

export type RouteMatch =
  | { readonly kind: 'found'; readonly route: Route }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'unknown-path' }

export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch {
  const here = routes.filter((route) => servesPath(route, path))
  if (here.length === 0) return { kind: 'unknown-path' }
  const wanted = method === 'HEAD' ? 'GET' : method
  const route = here.find((candidate) => candidate.method === wanted)
  if (route !== undefined) return { kind: 'found', route }
  const allowed = new Set(here.flatMap((candidate) => (candidate.method === 'GET' ? ['GET', 'HEAD'] : ['POST'])))
  return { kind: 'wrong-method', allowed: [...allowed].sort() }
}

function servesPath(route: Route, path: string): boolean {
  if (route.path !== '/' && route.path.endsWith('/')) return path.startsWith(route.path)
  return route.path === path
}
