import type { ServerResponse } from 'node:http'
import type { ClockPort } from '../ports/clock-port.ts'
import { replyText } from './replies.ts'
import type { Exchange } from './routes.ts'
import type { StatusSource } from './status-source.ts'

/** Clients at a time; a browser takes one for each open page. */
const maxClients = 64
const heartbeatMs = 15_000
const retryMs = 2000
/** Changes within this time are told once. */
const quietMs = 50

interface Client {
  readonly response: ServerResponse
  /** Its socket took everything so far. A client that is behind gets the newest status when it has caught up. */
  ready: boolean
  behind: boolean
  missedBeats: number
}

export interface EventStream {
  handle(exchange: Exchange): Promise<void>
}

/**
 * Server-sent events: `status` with the whole snapshot at once and after every change, `beat` with `lastPassAtMs` every
 * 15 seconds. Level-triggered: a slow client skips what is no longer true and costs no memory.
 */
export function createEventStream(source: StatusSource, clock: ClockPort): EventStream {
  const clients = new Set<Client>()
  let unsubscribe: (() => void) | undefined
  let resting = false
  let changedMeanwhile = false

  const statusEvent = (): string => `event: status\ndata: ${JSON.stringify(source.current() ?? null)}\n\n`

  const tellAll = (): void => {
    const event = statusEvent()
    for (const client of clients) tell(client, event)
  }
  const tell = (client: Client, event: string): void => {
    if (client.ready) client.ready = client.response.write(event)
    else client.behind = true
  }
  const onChange = (): void => {
    if (resting) {
      changedMeanwhile = true
      return
    }
    tellAll()
    resting = true
    void clock.sleep(quietMs, new AbortController().signal).then(() => {
      resting = false
      if (!changedMeanwhile) return
      changedMeanwhile = false
      onChange()
    })
  }
  const join = (response: ServerResponse): Client => {
    const client: Client = { response, ready: true, behind: false, missedBeats: 0 }
    response.on('drain', () => {
      client.ready = true
      client.missedBeats = 0
      if (!client.behind) return
      client.behind = false
      tell(client, statusEvent())
    })
    clients.add(client)
    unsubscribe ??= source.subscribe(onChange)
    return client
  }
  const leave = (client: Client): void => {
    clients.delete(client)
    client.response.end()
    if (clients.size > 0) return
    unsubscribe?.()
    unsubscribe = undefined
  }

  return {
    async handle({ request, response, signal }) {
      if (clients.size >= maxClients) {
        response.setHeader('Retry-After', '30')
        return replyText(response, 503, `too many event streams: ${maxClients} are open`)
      }
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' })
      if (request.method === 'HEAD') return void response.end()
      const client = join(response)
      client.ready = response.write(`retry: ${retryMs}\n\n${statusEvent()}${beat(source)}`)
      while (!signal.aborted) {
        await clock.sleep(heartbeatMs, signal)
        if (client.ready) client.ready = response.write(`: still here\n\n${beat(source)}`)
        else client.missedBeats += 1
        if (client.missedBeats >= 2) break
      }
      leave(client)
      if (client.missedBeats >= 2) response.destroy()
    },
  }
}

function beat(source: StatusSource): string {
  return `event: beat\ndata: ${JSON.stringify({ lastPassAtMs: source.lastPassAtMs() ?? null })}\n\n`
}
