import type { KubeConfig } from '@kubernetes/client-node'
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent, Socks5ProxyAgent } from 'undici'
import { kubeFailure } from './kube-failures.ts'
import type { Tls } from './kube-login.ts'

/** Where the API server of a kubeconfig is, and the way there. */
export interface KubeEndpoint {
  readonly server: URL
  readonly proxyUrl: URL | undefined
}

const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 } as const

/** @throws Failure KUBE_CONFIG_INVALID, KUBE_CONFIG_UNSUPPORTED */
export function endpointOf(config: KubeConfig): KubeEndpoint {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw kubeFailure('KUBE_CONFIG_INVALID', 'kubeconfig', 'no cluster is chosen')
  const server = serverUrl(cluster.server)
  if (server.protocol === 'http:' && !cluster.skipTLSVerify) {
    const note = 'http:// would send the credentials in the clear, and insecure-skip-tls-verify is not set'
    throw kubeFailure('KUBE_CONFIG_INVALID', server.origin, note)
  }
  return { server, proxyUrl: proxyOf(cluster.proxyUrl, server.origin) }
}

/**
 * One for all requests: the library itself would open a connection for every one.
 * @throws Failure KUBE_CONFIG_INVALID
 */
export function dispatcherFor({ server, proxyUrl }: KubeEndpoint, tls: Tls, connections: number): Dispatcher {
  const connect = { ...tls, ...keepAlive }
  // In HTTP/2 everything shares one connection, and one that died without a word outlives every request on it.
  const options = { connections, allowH2: false } as const
  try {
    if (proxyUrl?.protocol === 'socks5:') return new Socks5ProxyAgent(proxyUrl, { ...options, requestTls: connect })
    if (proxyUrl !== undefined) return new ProxyAgent({ ...options, uri: proxyUrl.href, requestTls: connect })
    // As kubectl does: what listens on this machine needs no proxy.
    if (isLoopback(server.hostname)) return new Agent({ ...options, connect })
    return new EnvHttpProxyAgent({ ...options, connect, requestTls: connect })
  } catch {
    // The error of a proxy holds its whole URL.
    throw kubeFailure('KUBE_CONFIG_INVALID', server.origin, 'its proxy or its certificates cannot be used')
  }
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

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}
