import { kubeFailure } from './kube-failures.ts'
import type { LoginConfig } from './kube-login.ts'

/** Where the API server of a kubeconfig is, and the way there. */
export interface KubeEndpoint {
  readonly server: URL
  readonly proxyUrl: URL | undefined
}

/** What carries requests there: as much of undici's dispatcher as is used. */
export interface ApiTransport {
  request(request: TransportRequest): Promise<TransportAnswer>
  /** Ends once what is under way has ended. */
  close(): Promise<void>
  destroy(): Promise<void>
}

export interface TransportRequest {
  readonly origin: string
  readonly path: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers: Record<string, string>
  readonly body?: string
  /** Milliseconds. */
  readonly headersTimeout: number
  /** Milliseconds; 0 for a body that may take its time. */
  readonly bodyTimeout: number
  readonly signal: AbortSignal
}

export interface TransportAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: AsyncIterable<Buffer> & { dump(): Promise<void> }
}

/** @throws Failure KUBE_CONFIG_INVALID, KUBE_CONFIG_UNSUPPORTED */
export function endpointOf(config: LoginConfig): KubeEndpoint {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw kubeFailure('KUBE_CONFIG_INVALID', 'kubeconfig', 'no cluster is chosen')
  const server = serverUrl(cluster.server)
  if (server.protocol === 'http:' && !cluster.skipTLSVerify) {
    const note = 'http:// would send the credentials in the clear, and insecure-skip-tls-verify is not set'
    throw kubeFailure('KUBE_CONFIG_INVALID', server.origin, note)
  }
  return { server, proxyUrl: proxyOf(cluster.proxyUrl, server.origin) }
}

function serverUrl(text: string): URL {
  if (!URL.canParse(text)) throw kubeFailure('KUBE_CONFIG_INVALID', '(not shown)', 'the server is no URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw kubeFailure(
      'KUBE_CONFIG_INVALID',
      `${url.protocol}//${url.host}`,
      'the server is neither https:// nor http://',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw kubeFailure('KUBE_CONFIG_INVALID', url.origin, 'the server holds a user name or a password')
  }
  return url
}

function proxyOf(text: string | undefined, origin: string): URL | undefined {
  if (text === undefined || text === '') return undefined
  if (!URL.canParse(text)) throw kubeFailure('KUBE_CONFIG_INVALID', origin, 'its proxy-url is no URL')
  const url = new URL(text)
  if (['http:', 'https:', 'socks5:'].includes(url.protocol)) return url
  throw kubeFailure('KUBE_CONFIG_UNSUPPORTED', origin, `a proxy-url that begins with ${url.protocol}`)
}

/** What listens on this machine is reached by no proxy. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}
