import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { kubeFailure } from './kube-failures.ts'
import { within } from './within.ts'

export type Tls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>

/** Who we are, in the two forms that there are. */
export interface Login {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: Tls
}

/** As much of a kubeconfig as leads to a server and logs in there; the library's own is one. */
export interface LoginConfig {
  getCurrentCluster(): KubeServer | null
  applyToHTTPSOptions(options: RequestOptions): Promise<void>
}

export interface KubeServer {
  readonly server: string
  readonly skipTLSVerify: boolean
  readonly proxyUrl?: string | undefined
}

/** An exec plugin that waits for somebody at a keyboard waits for ever. */
const loginTimeoutMs = 30_000

/**
 * The library runs exec plugins, refreshes OIDC tokens and reads files; it writes what it got into request options.
 * @throws Failure KUBE_CREDENTIALS
 */
export async function logIn(config: LoginConfig, origin: string, signal: AbortSignal): Promise<Login> {
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
  const tls = definedOnly({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername })
  if (!isPair(tls)) throw kubeFailure('KUBE_CREDENTIALS', origin, 'its client certificate and key are no pair')
  return { headers: { ...basic, ...lowerCase(options.headers) }, tls }
}

/** Certificate and key are often two files, and whoever renews them writes one of them first. */
function isPair({ cert, key, passphrase }: Tls): boolean {
  if (cert === undefined || key === undefined) return true
  try {
    createSecureContext({ cert, key, passphrase })
    return true
  } catch {
    return false
  }
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
