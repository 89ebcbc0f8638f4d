import type { IncomingMessage } from 'node:http'
import { Transform, type Writable } from 'node:stream'
import { createGunzip } from 'node:zlib'

export interface BodyProblem {
  readonly status: number
  readonly message: string
}

/**
 * Pipes a request's body into git with constant memory, inflated when `gzip`, and calls back once when the body is not
 * gzip or is larger than `maxBytes` after inflating. The request itself stays whole, so that it can still be answered.
 */
export function feedBody(
  request: IncomingMessage,
  destination: Writable,
  options: { readonly gzip: boolean; readonly maxBytes: number },
  onProblem: (problem: BodyProblem) => void,
): void {
  const counted = countingStream(options.maxBytes)
  const source = options.gzip ? request.pipe(createGunzip()) : request
  const problem = (found: BodyProblem): void => {
    request.unpipe()
    request.resume()
    counted.destroy()
    onProblem(found)
  }
  if (source !== request) source.once('error', () => problem({ status: 400, message: 'the body is not gzip' }))
  counted.once('error', () => problem({ status: 413, message: 'the request is too large' }))
  // Git stops reading when it has refused; the rest is read and thrown away, so that the client reads why.
  destination.once('close', () => {
    request.unpipe()
    request.resume()
  })
  source.pipe(counted).pipe(destination)
}

function countingStream(maxBytes: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > maxBytes) done(new Error('too large'))
      else done(null, chunk)
    },
  })
}
