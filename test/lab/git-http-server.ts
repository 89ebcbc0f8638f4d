import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createGunzip } from 'node:zlib'
import { hermeticGit } from './git-client.ts'

/** How the server misbehaves, or whom it lets in; may be changed between requests. */
export interface GitServerKnobs {
  /** The only `Authorization` that is let in. */
  authorization: string | undefined
  /** 401 asks for a login, 403 refuses it. */
  refusalStatus: number
  delayMs: number
  /** Never answers. */
  hang: boolean
  /** Answers until a pack is due, and then no more. */
  hangOnPack: boolean
  /** Sends half of every pack and ends the answer properly. */
  truncatePack: boolean
  /** Sends half of every pack and breaks the connection. */
  breakConnection: boolean
  /** Flips one bit in the middle of every pack. */
  flipBit: boolean
  /** Requests are sent on to the same path there. */
  redirectTo: string | undefined
  /** Answered instead of anything else. */
  status: number | undefined
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
}

export interface GitServer {
  readonly origin: string
  /** URL of `<root>/<repository>`. */
  url(repository: string): string
  readonly knobs: GitServerKnobs
  readonly requests: SeenRequest[]
  close(): Promise<void>
}

/** Real smart HTTP by `git http-backend`, on a random port of 127.0.0.1, for all repositories below `root`. */
export async function startGitServer(options: {
  readonly root: string
  readonly tls?: { readonly key: string; readonly cert: string }
}): Promise<GitServer> {
  const knobs: GitServerKnobs = {
    authorization: undefined,
    refusalStatus: 401,
    delayMs: 0,
    hang: false,
    hangOnPack: false,
    truncatePack: false,
    breakConnection: false,
    flipBit: false,
    redirectTo: undefined,
    status: undefined,
  }
  const requests: SeenRequest[] = []
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '/'
    requests.push({ method: request.method ?? '', path, authorization: request.headers.authorization })
    void serve(options.root, knobs, request, response)
  }
  const server = options.tls === undefined ? createServer(handle) : createSecureServer(options.tls, handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const origin = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  return {
    origin,
    url: (repository) => `${origin}/${repository}`,
    knobs,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(root: string, knobs: GitServerKnobs, request: IncomingMessage, response: ServerResponse) {
  if (knobs.hang) return
  if (knobs.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, knobs.delayMs))
  if (knobs.status !== undefined) {
    response.writeHead(knobs.status).end()
    return
  }
  if (knobs.redirectTo !== undefined) {
    response.writeHead(307, { Location: `${knobs.redirectTo}${request.url ?? ''}` }).end()
    return
  }
  if (knobs.authorization !== undefined && request.headers.authorization !== knobs.authorization) {
    response.writeHead(knobs.refusalStatus, { 'WWW-Authenticate': 'Basic realm="git"' }).end()
    return
  }
  const { status, headers, body } = await runBackend(root, request)
  const isPack = headers['content-type'] === 'application/x-git-upload-pack-result' && body.includes('PACK')
  if (isPack && knobs.hangOnPack) return
  if (isPack && knobs.flipBit) {
    // Behind the header of the pack and before its checksum.
    const at = body.indexOf('PACK') + 12 + Math.floor((body.length - body.indexOf('PACK') - 60) / 2)
    body[at] = (body[at] ?? 0) ^ 0x10
  }
  if (isPack && knobs.breakConnection) {
    response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => request.socket.destroy())
    return
  }
  response.writeHead(status, headers)
  response.end(isPack && knobs.truncatePack ? body.subarray(0, Math.floor(body.length / 2)) : body)
}

interface BackendAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/** @see git-http-backend(1), RFC 3875 */
async function runBackend(root: string, request: IncomingMessage): Promise<BackendAnswer> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const child = spawn('git', ['http-backend'], {
    env: {
      ...hermeticGit(root),
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_USER: 'tester',
      REMOTE_ADDR: '127.0.0.1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => undefined)
  const isGzip = request.headers['content-encoding'] === 'gzip'
  ;(isGzip ? request.pipe(createGunzip()) : request).pipe(child.stdin)
  const parts: Buffer[] = []
  for await (const part of child.stdout as AsyncIterable<Buffer>) parts.push(part)
  const output = Buffer.concat(parts)
  const split = output.indexOf('\r\n\r\n')
  const headers: Record<string, string> = {}
  for (const line of output.toString('latin1', 0, Math.max(split, 0)).split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const status = split < 0 ? 500 : Number.parseInt(headers['status'] ?? '200', 10)
  delete headers['status']
  return { status, headers, body: output.subarray(split + 4) }
}

/** A key and a certificate for 127.0.0.1 that signs itself, made by openssl. */
export async function selfSignedCertificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const name = `fairlead-test-${randomBytes(4).toString('hex')}`
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  args.push('-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', '-', '-out', '-')
  const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const part of child.stdout as AsyncIterable<Buffer>) text += part.toString('utf8')
  const cut = (label: string) =>
    new RegExp(`-----BEGIN ${label}-----[\\s\\S]*?-----END ${label}-----\\n?`).exec(text)?.[0]
  const [key, cert] = [cut('PRIVATE KEY'), cut('CERTIFICATE')]
  if (key === undefined || cert === undefined) throw new Error('openssl made no certificate')
  return { key, cert }
}
