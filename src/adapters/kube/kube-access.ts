import { isDeepStrictEqual } from 'node:util'
import { type ApiTransport, endpointOf, type KubeEndpoint } from './kube-endpoint.ts'
import { kubeFailure } from './kube-failures.ts'
import { type Login, type LoginConfig, logIn, type Tls } from './kube-login.ts'
import { within } from './within.ts'

/** A kubeconfig that may be read again: who runs for months sees its files change. */
export interface KubeSource {
  /** @throws Failure KUBE_CONFIG_MISSING, KUBE_CONFIG_INVALID, KUBE_CONFIG_UNSUPPORTED, KUBE_CONTEXT_MISSING */
  load(): LoginConfig
  /** Another one as soon as one of the files is another one. */
  fingerprint(): string
  /** Connects in another way than to the one server that is named. */
  readonly transport?: (endpoint: KubeEndpoint, tls: Tls, connections: number) => ApiTransport
}

export type LoginHeaders = Login['headers']

/** Where the API server is, how to connect to it, and who we are there. */
export interface KubeAccess {
  readonly origin: string
  /** What comes before `/api`: empty, or the path of a gateway such as Rancher's. */
  readonly basePath: string
  /** Of now: another one after the certificates changed. To be read after `headers`. */
  readonly dispatcher: ApiTransport
  /** Headers that log in; asked for before every request, they come from a cache. */
  headers(signal: AbortSignal): Promise<LoginHeaders>
  /** The server did not know these: unless they were replaced meanwhile, the next ones are made from scratch. */
  forget(refused: LoginHeaders): void
  close(): Promise<void>
}

/** After this long, files are looked at again, and the library may refresh what it knows to expire. */
const loginLivesMs = 30_000

/**
 * @param connections to the server at once
 * @throws Failure KUBE_CONFIG_MISSING, KUBE_CONFIG_INVALID, KUBE_CONFIG_UNSUPPORTED, KUBE_CONTEXT_MISSING,
 *   KUBE_CREDENTIALS
 */
export async function openAccess(
  source: KubeSource,
  connections: number,
  signal: AbortSignal,
  livesMs = loginLivesMs,
): Promise<KubeAccess> {
  let fingerprint = source.fingerprint()
  let config = source.load()
  const endpoint = endpointOf(config)
  const { origin, pathname } = endpoint.server
  let login = await logIn(config, origin, signal)
  let madeAtMs = performance.now()
  let isRefused = false
  let renewing: Promise<void> | undefined
  const connected = source.transport ?? (await import('./kube-dispatcher.ts')).dispatcherFor
  let dispatcher = connected(endpoint, login.tls, connections)
  const retired = new Set<ApiTransport>()

  /** The library keeps what plugins and token files said in its object: from scratch means a new one. */
  const renew = async (): Promise<void> => {
    const now = source.fingerprint()
    const isChanged = isRefused || now !== fingerprint
    const nextConfig = isChanged ? sameServer(source.load(), origin) : config
    const next = await logIn(nextConfig, origin, neverAborted)
    if (!isDeepStrictEqual(next.tls, login.tls)) {
      const former = dispatcher
      dispatcher = connected(isChanged ? endpointOf(nextConfig) : endpoint, next.tls, connections)
      retired.add(former)
      // What is under way on it ends in its own time.
      const forgotten = (): boolean => retired.delete(former)
      void former.close().then(forgotten, forgotten)
    }
    config = nextConfig
    fingerprint = now
    login = next
    isRefused = false
  }
  const renewOnce = async (): Promise<void> => {
    try {
      await renew()
    } catch (error) {
      // A file that is being rewritten is not there for a moment. What the server still takes is good enough.
      if (isRefused) throw error
    } finally {
      madeAtMs = performance.now()
      renewing = undefined
    }
  }
  return {
    origin,
    basePath: pathname.replace(/\/+$/, ''),
    get dispatcher() {
      return dispatcher
    },
    async headers(requestSignal) {
      if (isRefused || performance.now() - madeAtMs > livesMs) {
        // Sixteen requests at once run one plugin.
        renewing ??= renewOnce()
        await within(renewing, requestSignal)
      }
      return login.headers
    },
    forget(refused) {
      if (refused === login.headers) isRefused = true
    },
    async close() {
      await Promise.all([dispatcher, ...retired].map((one) => one.destroy()))
    },
  }
}

const neverAborted = new AbortController().signal

/** Credentials of another cluster are not for this one. */
function sameServer(config: LoginConfig, origin: string): LoginConfig {
  const now = endpointOf(config).server.origin
  if (now === origin) return config
  throw kubeFailure('KUBE_CONFIG_INVALID', origin, `it now names ${now}; restart to follow it there`)
}
