import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request as send } from 'node:https'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { ApiPlace } from './agent-places.ts'
import type { KubeSource } from './kube-access.ts'
import type { ApiTransport } from './kube-endpoint.ts'

/** A server that is off says nothing at all: the next one is asked after this long. */
const connectMs = 3_000

/**
 * Connections to the server that the kubeconfig names, and, while it does not answer, to others of the same cluster: each
 * has to show a certificate of the same authority for its own address. What was reached last is asked second, so that a
 * dead one is not waited for each time. By Node's own client: that of the other adapters takes 20 MiB.
 *
 * @param others asked for before each connection
 */
export function transportAmong(others: () => readonly ApiPlace[]): NonNullable<KubeSource['transport']> {
  return ({ server }, tls, connections) => {
    const named: ApiPlace = { host: server.hostname.replace(/^\[|\]$/g, ''), port: Number(server.port || 443) }
    const underWay = new Set<Promise<unknown>>()
    const agent = new FailoverAgent(connections, tls, named, others)
    return {
      request: async (asked) => {
        const { path, method, headers, body, signal } = asked
        const sent = send({ agent, host: named.host, port: named.port, path, method, headers, signal })
        const closed = new Promise((resolve) => sent.once('close', resolve))
        underWay.add(closed)
        void closed.then(() => underWay.delete(closed))
        sent.end(body)
        const [response] = (await once(sent, 'response')) as [IncomingMessage]
        return { statusCode: response.statusCode ?? 0, headers: response.headers, body: bodyOf(response, signal) }
      },
      close: async () => {
        await Promise.all(underWay)
        agent.destroy()
      },
      destroy: () => {
        agent.destroy()
        return Promise.resolve()
      },
    }
  }
}

type Body = Awaited<ReturnType<ApiTransport['request']>>['body']

function bodyOf(response: IncomingMessage, signal: AbortSignal): Body {
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for await (const piece of response) yield piece as Buffer
      } catch (error) {
        // Why it was broken off is known better where it was.
        signal.throwIfAborted()
        throw error
      }
    },
    dump: async () => {
      response.resume()
      if (!response.closed) await once(response, 'close')
    },
  }
}

class FailoverAgent extends Agent {
  readonly #tls: ConnectionOptions
  readonly #named: ApiPlace
  readonly #others: () => readonly ApiPlace[]
  #reached: ApiPlace | undefined

  constructor(connections: number, tls: ConnectionOptions, named: ApiPlace, others: () => readonly ApiPlace[]) {
    super({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' })
    this.#tls = tls
    this.#named = named
    this.#others = others
  }

  override createConnection(...[, created]: Parameters<Agent['createConnection']>): undefined {
    void this.#connected().then(
      (socket) => created?.(null, socket),
      // With an error nobody looks for a socket.
      (error: unknown) => created?.(error as Error, undefined as never),
    )
    return undefined
  }

  async #connected(): Promise<TLSSocket> {
    const places = [this.#named, ...(this.#reached === undefined ? [] : [this.#reached]), ...this.#others()]
    let first: unknown
    for (const place of places.filter(isFirst)) {
      try {
        const socket = await connectTo(place, this.#tls)
        if (place !== this.#named) this.#reached = place
        return socket
      } catch (error) {
        first ??= error
      }
    }
    // That of the server that is named: the others are a way out, and not what is wrong.
    throw first
  }
}

async function connectTo({ host, port }: ApiPlace, tls: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ ...tls, host, port, servername: isIP(host) === 0 ? host : '', ALPNProtocols: ['http/1.1'] })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(connectMs) })
    socket.setKeepAlive(true, 30_000)
    return socket
  } catch (error) {
    socket.destroy()
    throw error instanceof Error && error.name === 'AbortError' ? silent(host, port) : error
  }
}

function silent(host: string, port: number): Error {
  return Object.assign(new Error(`${host}:${port} does not answer`), { code: 'ETIMEDOUT' })
}

function isFirst(place: ApiPlace, index: number, all: readonly ApiPlace[]): boolean {
  return all.findIndex(({ host, port }) => host === place.host && port === place.port) === index
}
