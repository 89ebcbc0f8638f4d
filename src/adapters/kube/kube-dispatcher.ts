import { Agent, EnvHttpProxyAgent, ProxyAgent, Socks5ProxyAgent } from 'undici'
import { type ApiTransport, isLoopback, type KubeEndpoint } from './kube-endpoint.ts'
import { kubeFailure } from './kube-failures.ts'
import type { Tls } from './kube-login.ts'

const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 } as const

/**
 * One for all requests: the library itself would open a connection for every one.
 * @throws Failure KUBE_CONFIG_INVALID
 */
export function dispatcherFor({ server, proxyUrl }: KubeEndpoint, tls: Tls, connections: number): ApiTransport {
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
