import type { IncomingMessage, ServerResponse } from 'node:http'
import { Failure } from '../../domain/failure.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { advertiseReferences, exchangePacks, refuse } from './git-service.ts'
import { createSlots, type Slots } from './slots.ts'
import { type GitRequest, readGitRequest } from './smart-http.ts'

export interface RepositoryOptions {
  /** Absolute path of the bare repository. */
  readonly directory: string
  /** What clients call it, without `.git`: letters, digits, `-` and `_`. */
  readonly name: string
  /** Called right after a push was taken in; a hint, never the truth. */
  readonly onPushed: () => void
  /** Larger packs are refused; 64 MiB unless told. */
  readonly maxPushBytes?: number
  readonly log: LogPort
}

export interface RepositoryServer {
  /** Prefix of every path that `handle` serves, for `GET` and `POST`: `/demo.git/`. */
  readonly path: string
  readonly handle: (exchange: GitExchange) => Promise<void>
}

interface GitExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
}

const defaultMaxPushBytes = 64 * 1024 * 1024
const processesAtATime = 8
const waitingAtATime = 64

/**
 * Git's smart HTTP protocol for one bare repository, spoken by `git upload-pack` and `git receive-pack`.
 * @see git-http-backend(1), gitprotocol-http(5)
 */
export function serveRepository(options: RepositoryOptions): RepositoryServer {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(options.name)) throw new Error(`not a name for a repository: ${options.name}`)
  const slots = createSlots(processesAtATime, waitingAtATime)
  const path = `/${options.name}.git/`
  return { path, handle: (exchange) => answer(exchange, path, options, slots) }
}

async function answer(exchange: GitExchange, prefix: string, options: RepositoryOptions, slots: Slots): Promise<void> {
  const { request, response, url } = exchange
  const wanted = readGitRequest(request.method ?? '', url, prefix, request.headers)
  if (wanted.kind === 'refused') return refuse(response, wanted.status, wanted.message)
  if (response.destroyed) return
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const leave = await slots.enter(gone.signal)
  if (leave === undefined) {
    response.setHeader('Retry-After', '1')
    return refuse(response, 503, 'too many git requests at once')
  }
  try {
    await speak(wanted, exchange, options)
  } catch (cause) {
    const code = cause instanceof Failure ? cause.detail.code : 'GIT_SERVICE_FAILED'
    options.log.error({ code, error: cause instanceof Error ? cause.message : String(cause) }, 'git request failed')
    if (response.headersSent) response.destroy()
    else refuse(response, 500, cause instanceof Failure ? `${cause.message}: ${cause.detail.fix}` : 'git failed')
  } finally {
    leave()
  }
}

async function speak(
  wanted: Exclude<GitRequest, { kind: 'refused' }>,
  { request, response }: GitExchange,
  { directory, log, onPushed, maxPushBytes = defaultMaxPushBytes }: RepositoryOptions,
): Promise<void> {
  const { service, protocol } = wanted
  const call = {
    service,
    request,
    response,
    directory,
    maxPushBytes,
    log,
    ...(protocol === undefined ? {} : { protocol }),
  }
  if (wanted.kind === 'advertise') return advertiseReferences(call)
  const endedWell = await exchangePacks(call, wanted.gzip)
  if (endedWell && service === 'receive-pack') onPushed()
}
