import { readFile } from 'node:fs/promises'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Failure } from '../domain/failure.ts'
import { hostAndPort } from './listen-rules.ts'

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** How many ports after a taken one are tried. */
const fallbackPorts = 20

/** @throws Failure TLS_UNREADABLE, TLS_INVALID */
export async function createWebServer(options: ServerOptions, tls: TlsFiles | undefined): Promise<Server> {
  if (tls === undefined) return createServer(options)
  const [cert, key] = await Promise.all([readPem(tls.certFile), readPem(tls.keyFile)])
  try {
    return createTlsServer({ ...options, cert, key, handshakeTimeout: 10_000 })
  } catch (cause) {
    throw new Failure(
      'the certificate and the key do not make a TLS listener',
      {
        code: 'TLS_INVALID',
        where: `${tls.certFile}, ${tls.keyFile}`,
        fix: 'use a PEM certificate chain and the unencrypted PEM key that belongs to it',
        retry: 'when-changed',
      },
      { cause },
    )
  }
}

/**
 * @param fallback try the following ports while one is taken
 * @returns the port that is listened on
 * @throws Failure PORT_TAKEN, LISTEN_DENIED, LISTEN_ADDRESS_UNKNOWN
 */
export async function listenOn(server: Server, host: string, port: number, fallback: boolean): Promise<number> {
  const last = fallback && port !== 0 ? Math.min(port + fallbackPorts, 65_535) : port
  for (let candidate = port; ; candidate += 1) {
    try {
      return await listenOnce(server, host, candidate)
    } catch (cause) {
      if (!hasCode(cause, 'EADDRINUSE') || candidate >= last) throw listenFailure(host, port, last, cause)
    }
  }
}

function listenOnce(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function listenFailure(host: string, port: number, last: number, cause: unknown): Failure {
  const where = hostAndPort(host, port)
  if (hasCode(cause, 'EADDRINUSE')) {
    const message =
      last > port ? `the ports ${port} to ${last} on ${host} are all taken` : `port ${port} on ${host} is taken`
    const fix = 'stop what listens there (`ss -ltnp` names it), or choose another port'
    return new Failure(message, { code: 'PORT_TAKEN', where, fix, retry: 'soon' }, { cause })
  }
  if (hasCode(cause, 'EACCES')) {
    const fix = 'choose a port of 1024 or above'
    return new Failure(
      `listening on ${where} is not allowed`,
      { code: 'LISTEN_DENIED', where, fix, retry: 'never' },
      { cause },
    )
  }
  const fix = 'use an address of this machine, as `ip address` shows them'
  return new Failure(
    `this machine cannot listen on ${where}`,
    { code: 'LISTEN_ADDRESS_UNKNOWN', where, fix, retry: 'soon' },
    { cause },
  )
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new Failure(
      `${path} cannot be read`,
      { code: 'TLS_UNREADABLE', where: path, fix: 'name a PEM file that Fairlead may read', retry: 'when-changed' },
      { cause },
    )
  }
}

function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}
