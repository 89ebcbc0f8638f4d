import { gitFailure } from './git-failures.ts'
import { type Answer, type Connection, shownUrl } from './http-exchange.ts'

/** What isomorphic-git asks of an HTTP client, as far as it uses it. */
interface HttpRequest {
  readonly url: string
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Iterable<Uint8Array> | AsyncIterable<Uint8Array> | undefined
}

interface HttpResponse {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: AsyncIterableIterator<Uint8Array>
  readonly statusCode: number
  readonly statusMessage: string
}

export interface GitHttpClient {
  request(request: HttpRequest): Promise<HttpResponse>
}

const maxRedirects = 5

/**
 * HTTP for one operation: logs in, follows redirects, and turns every answer but 200 into a Failure.
 *
 * Credentials go to the origin of the repository's URL alone. Where the first request was redirected, later ones go to
 * the new place at once, as git does with `http.followRedirects=initial`.
 *
 * @param authorizations values of the header, tried in this order
 */
export function createHttpClient(
  connection: Connection,
  repositoryUrl: string,
  authorizations: readonly string[],
  signal: AbortSignal,
): GitHttpClient {
  const home = new URL(repositoryUrl).origin
  let authorization = 0
  let base = repositoryUrl

  async function send(method: string, url: URL, headers: Record<string, string>, body: Buffer | undefined) {
    for (;;) {
      const value = url.origin === home ? authorizations[authorization] : undefined
      const login = value === undefined ? {} : { authorization: value }
      const answer = await connection.send({ method, url, headers: { ...headers, ...login }, body }, signal)
      if (answer.status !== 401 || url.origin !== home || authorization + 1 >= authorizations.length) return answer
      authorization += 1
    }
  }

  async function follow(method: string, start: URL, headers: Record<string, string>, body: Buffer | undefined) {
    let url = start
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const answer = await send(method, url, headers, body)
      const location = answer.headers['location']
      if (![301, 302, 307, 308].includes(answer.status) || location === undefined) return { answer, url }
      url = redirected(url, location)
    }
    throw gitFailure('GIT_SERVER_ERROR', repositoryUrl, 'too many redirects')
  }

  return {
    async request({ url: wanted, method = 'GET', headers = {}, body }) {
      const suffix = wanted.slice(repositoryUrl.length)
      const { answer, url } = await follow(
        method,
        new URL(`${base}${suffix}`),
        plainHeaders(headers),
        await joined(body),
      )
      if (answer.status !== 200) throw statusFailure(answer, url)
      const isAdvertisement = method === 'GET' && suffix.startsWith('/info/refs')
      if (isAdvertisement) {
        checkAdvertisement(answer, url)
        if (url.href.endsWith(suffix)) base = url.href.slice(0, -suffix.length)
      }
      return {
        url: wanted,
        method,
        headers: { ...answer.headers },
        body: once(answer.body),
        statusCode: answer.status,
        statusMessage: '',
      }
    },
  }
}

function redirected(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (target === undefined || (target.protocol !== 'https:' && target.protocol !== 'http:')) {
    throw gitFailure('GIT_SERVER_ERROR', shownUrl(from), 'it redirects to something that is not HTTP')
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw gitFailure('GIT_SERVER_ERROR', shownUrl(from), 'it redirects from https to http')
  }
  target.username = ''
  target.password = ''
  return target
}

function checkAdvertisement(answer: Answer, url: URL): void {
  const type = answer.headers['content-type'] ?? ''
  if (!/^application\/x-git-(?:upload|receive)-pack-advertisement/.test(type)) {
    throw gitFailure('GIT_NOT_FOUND', shownUrl(url), `the server answers with ${type || 'no type'}, not as Git does`)
  }
  if (answer.body.subarray(0, 4096).includes('object-format=sha256')) {
    throw gitFailure('GIT_SHA256_UNSUPPORTED', shownUrl(url))
  }
}

function statusFailure(answer: Answer, url: URL): Error {
  const where = shownUrl(url)
  const note = `HTTP ${answer.status}`
  if (answer.status === 401 || answer.status === 403) return gitFailure('GIT_AUTH', where, note)
  if (answer.status === 404 || answer.status === 410) return gitFailure('GIT_NOT_FOUND', where, note)
  return gitFailure('GIT_SERVER_ERROR', where, note)
}

/** The library keeps one headers object for a whole operation: what it adds for one request must not stay in the next. */
function plainHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const copy: Record<string, string> = { 'user-agent': 'git/2 (fairlead)' }
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'authorization') copy[name.toLowerCase()] = value
  }
  return copy
}

async function joined(body: HttpRequest['body']): Promise<Buffer | undefined> {
  if (body === undefined) return undefined
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array, void, void> {
  yield bytes
}
