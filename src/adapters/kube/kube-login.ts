import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { KubeConfig } from '@kubernetes/client-node'
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

/** An exec plugin that waits for somebody at a keyboard waits for ever. */
const loginTimeoutMs = 30_000

/**
 * The library runs exec plugins, refreshes OIDC tokens and reads files; it writes what it got into request options.
 * @throws Failure KUBE_CREDENTIALS
 */
export async function logIn(config: KubeConfig, origin: string, signal: AbortSignal): Promise<Login> {
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
