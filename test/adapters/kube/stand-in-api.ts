import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

export interface StandInApi {
  readonly url: string
  /** Method and path with query of every request, in the order they came. */
  readonly requests: readonly IncomingMessage[]
}

/** An HTTP server on loopback that answers as a test says, until the test ends. */
export async function startStandIn(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<StandInApi> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response, requests.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, requests }
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

/** An empty cluster of a release that is old enough to have no EndpointSlices. */
export function answerAsEmptyCluster(request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?')[0] ?? ''
  if (path.endsWith('/version')) sendJson(response, { gitVersion: 'v1.17.2+k3s1' })
  else if (path.endsWith('/apis')) sendJson(response, { kind: 'APIGroupList', groups: [] })
  else if (path.includes('/configmaps/')) sendJson(response, { kind: 'Status', code: 404 }, 404)
  else sendJson(response, { kind: 'List', metadata: {}, items: null })
}

export interface WrittenKubeconfig {
  readonly cluster: Readonly<Record<string, unknown>>
  readonly user?: Readonly<Record<string, unknown>>
}

/** A kubeconfig file with one context; plain HTTP is spoken only where the kubeconfig gives up on certificates. */
export async function writeKubeconfig({ cluster, user = {} }: WrittenKubeconfig): Promise<string> {
  const path = join(await temporaryDirectory(), 'kubeconfig')
  const config = {
    clusters: [{ name: 'c', cluster: { 'insecure-skip-tls-verify': true, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}
