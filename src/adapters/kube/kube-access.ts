import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { KubeConfig } from '@kubernetes/client-node'
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent, Socks5ProxyAgent } from 'undici'
import { kubeFailure } from './kube-failures.ts'

/** Where the API server is, how to connect to it, and who we are there. */
export interface KubeAccess {
  readonly origin: string
  /** What comes before `/api`: empty, or the path of a gateway such as Rancher's. */
  readonly basePath: string
  readonly dispatcher: Dispatcher
  /** Headers that log in; asked for before every request, they come from a cache. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>
  /** The server did not know them: the next headers are made anew. */
  forgetHeaders(): void
}

type Tls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'>

interface Login {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: Tls
}

const headersLiveMs = 30_000
/** An exec plugin that waits for somebody at a keyboard waits for ever. */
const loginTimeoutMs = 30_000
const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 } as const

/**
 * @param connections to the server at once
 * @throws Failure KUBE_CONFIG_INVALID, KUBE_CONFIG_UNSUPPORTED, KUBE_CREDENTIALS
 */
export async function openAccess(config: KubeConfig, connections: number, signal: AbortSignal): Promise<KubeAccess> {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw kubeFailure('KUBE_CONFIG_INVALID', 'kubeconfig', 'no cluster is chosen')
  const server = serverUrl(cluster.server)
  if (server.protocol === 'http:' && !cluster.skipTLSVerify) {
    const note = 'http:// would send the credentials in the clear, and insecure-skip-tls-verify is not set'
    throw kubeFailure('KUBE_CONFIG_INVALID', server.origin, note)
  }
  const proxyUrl = proxyOf(cluster.proxyUrl, server.origin)
  let login = await logIn(config, server.origin, signal)
  let madeAtMs = performance.now()
  const { tls } = login
  return {
    origin: server.origin,
    basePath: server.pathname.replace(/\/+$/, ''),
    dispatcher: dispatcherFor(proxyUrl, server, tls, connections),
    async headers(requestSignal) {
      if (performance.now() - madeAtMs > headersLiveMs) {
        login = await logIn(config, server.origin, requestSignal)
        madeAtMs = performance.now()
      }
      return login.headers
    },
    forgetHeaders() {
      madeAtMs = Number.NEGATIVE_INFINITY
    },
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

/** The library runs exec plugins, refreshes OIDC tokens and reads files; it writes what it got into request options. */
async function logIn(config: KubeConfig, origin: string, signal: AbortSignal): Promise<Login> {
  const options: RequestOptions = {}
  try {
    await within(config.applyToHTTPSOptions(options), AbortSignal.any([signal, AbortSignal.timeout(loginTimeoutMs)]))
  } catch (error) {
    signal.throwIfAborted()
    const isTimeout = error instanceof Error && error.name === 'TimeoutError'
    // A plugin's own words may hold what it tried to log in with: they are not kept.
    throw kubeFailure('KUBE_CREDENTIALS', origin, isTimeout ? `not within ${loginTimeoutMs / 1000} s` : reasonOf(error))
  }
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, auth } = options
  const basic = auth == null ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }
  if (options.agent instanceof HttpsAgent) options.agent.destroy()
  return {
    headers: { ...basic, ...lowerCase(options.headers) },
    tls: definedOnly({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }),
  }
}

function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}

function reasonOf(error: unknown): string {
  const { code, syscall, path } = (typeof error === 'object' && error !== null ? error : {}) as NodeJS.ErrnoException
  if (typeof code !== 'string' || !/^E[A-Z_]+$/.test(code)) return 'a plugin or a file of it failed'
  if (syscall?.startsWith('spawn') === true) return `its exec plugin cannot be started, ${code}`
  return path === undefined ? code : `${path} cannot be read, ${code}`
}

function lowerCase(headers: unknown): Record<string, string> {
  const pairs = Object.entries(typeof headers === 'object' && headers !== null ? headers : {})
  // A token file ends with a line break, which no header may hold.
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), String(value).trim()]))
}

function definedOnly(options: { readonly [Key in keyof Tls]: Tls[Key] | undefined }): Tls {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** One for the whole reading: the library itself would open a connection for every request. */
function dispatcherFor(proxyUrl: URL | undefined, server: URL, tls: Tls, connections: number): Dispatcher {
  const connect = { ...tls, ...keepAlive }
  try {
    if (proxyUrl?.protocol === 'socks5:') return new Socks5ProxyAgent(proxyUrl, { requestTls: connect, connections })
    if (proxyUrl !== undefined) return new ProxyAgent({ uri: proxyUrl.href, requestTls: connect, connections })
    // As kubectl does: what listens on this machine needs no proxy.
    if (isLoopback(server.hostname)) return new Agent({ connections, connect })
    return new EnvHttpProxyAgent({ connections, connect, requestTls: connect })
  } catch {
    // The error of a proxy holds its whole URL.
    throw kubeFailure('KUBE_CONFIG_INVALID', server.origin, 'its proxy or its certificates cannot be used')
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}
