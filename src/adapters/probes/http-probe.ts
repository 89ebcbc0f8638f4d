import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Answer, Asking } from './asking.ts'

/**
 * One GET on a new connection. Any answer shows that the way is free, a refusal for want of credentials included, unless
 * a status is asked for.
 */
export function probeHttp(
  { url, expectStatus }: { readonly url: string; readonly expectStatus?: number },
  { signal }: Pick<Asking, 'signal'>,
): Promise<Answer> {
  const { protocol, host } = new URL(url)
  const begin = protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve) => {
    const request = begin(
      url,
      // No credentials are sent and no content is believed: who answers is not the question, only whether.
      { agent: false, signal, rejectUnauthorized: false, headers: { connection: 'close', 'user-agent': 'fairlead' } },
      (response) => {
        const { statusCode = 0 } = response
        const passed = expectStatus === undefined || statusCode === expectStatus
        const expected = passed ? '' : `, not ${expectStatus}`
        resolve({ passed, message: `${host} answered with ${statusCode}${expected}` })
        response.destroy()
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ passed: false, message: `${host}: ${error.code ?? error.message}` }),
    )
    request.end()
  })
}
