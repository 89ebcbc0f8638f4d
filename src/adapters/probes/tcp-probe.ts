import { createConnection } from 'node:net'
import type { Answer, Asking } from './asking.ts'

/** A connection is made and closed; nothing is sent. */
export async function probeTcp(
  { host, port }: { readonly host: string; readonly port: number },
  { signal }: Pick<Asking, 'signal'>,
): Promise<Answer> {
  const outcome = await connect(host, port, signal)
  return outcome === 'connected'
    ? { passed: true, message: `${host} accepted a connection on port ${port}` }
    : { passed: false, message: `${host} port ${port}: ${outcome}` }
}

/** @returns `connected`, or the name of the error: `ECONNREFUSED`, `EHOSTUNREACH` */
export function connect(host: string, port: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, signal })
    socket.once('connect', () => {
      resolve('connected')
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}
