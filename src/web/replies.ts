import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ClockPort } from '../ports/clock-port.ts'

/** Nothing inline, nothing from elsewhere, in nobody's frame, and nothing kept by caches. */
const securityHeaders: readonly (readonly [string, string])[] = [
  [
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
]

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of securityHeaders) response.setHeader(name, value)
}

export function reply(response: ServerResponse, status: number, contentType: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

export function replyText(response: ServerResponse, status: number, text: string): void {
  reply(response, status, 'text/plain; charset=utf-8', `${text}\n`)
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

const lingerMs = 1000
const lingerBytes = 4 * 1024 * 1024

/**
 * Answers while the body is still on its way, and ends the connection. A socket that is closed with unread input is
 * reset, and the reset overtakes the answer; so the answer is sent whole, then a little more is read and thrown away.
 */
export async function refuseEarly(
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
  status: number,
  text: string,
  clock: ClockPort,
): Promise<void> {
  const { request, response } = exchange
  const body = `${text}\n`
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  })
  response.write(body)
  const ended = new AbortController()
  let discarded = 0
  const stop = (): void => ended.abort()
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > lingerBytes) stop()
  })
  request.once('end', stop).once('close', stop)
  request.resume()
  if (!request.readableEnded && !request.destroyed) await clock.sleep(lingerMs, ended.signal)
  response.end()
}
