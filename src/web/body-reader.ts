import type { IncomingMessage } from 'node:http'
import type { ClockPort } from '../ports/clock-port.ts'

export type BodyEnd = 'complete' | 'too-large' | 'too-slow' | 'gone'

export interface BodyLimits {
  readonly maxBytes: number
  /** For the whole body. */
  readonly timeoutMs: number
}

/**
 * Hands a body over chunk by chunk and keeps none of it. On any other end than `complete` the request is left open and
 * unread, so that it can still be answered.
 */
export async function readThrough(
  request: IncomingMessage,
  limits: BodyLimits,
  clock: ClockPort,
  onChunk: (chunk: Buffer) => void,
): Promise<BodyEnd> {
  if (request.readableEnded) return 'complete'
  const over = new AbortController()
  let seenBytes = 0
  const end = await new Promise<BodyEnd>((resolve) => {
    const onData = (chunk: Buffer): void => {
      seenBytes += chunk.length
      if (seenBytes <= limits.maxBytes) {
        onChunk(chunk)
      } else {
        request.off('data', onData)
        resolve('too-large')
      }
    }
    request.on('data', onData)
    request.once('end', () => resolve('complete'))
    request.once('close', () => resolve('gone'))
    request.once('error', () => resolve('gone'))
    void clock.sleep(limits.timeoutMs, over.signal).then(() => {
      request.off('data', onData)
      resolve('too-slow')
    })
  })
  over.abort()
  if (end !== 'complete') request.pause()
  return end
}
