import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A port that leads to another one, until it is cut. */
export interface Forwarder {
  readonly port: number
  /** Nobody answers any more; what is under way is broken off. */
  cut(): Promise<void>
  /** Answers again at the same port. */
  mend(): Promise<void>
  close(): Promise<void>
}

export async function forwardTo(targetPort: number): Promise<Forwarder> {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  const listen = async (port: number): Promise<number> => {
    const listening = createServer((inside) => {
      const outside = connect(targetPort, '127.0.0.1')
      for (const socket of [inside, outside]) {
        sockets.add(socket)
        socket.on('error', () => socket.destroy())
        socket.on('close', () => {
          sockets.delete(socket)
          inside.destroy()
          outside.destroy()
        })
      }
      inside.pipe(outside).pipe(inside)
    })
    listening.listen(port, '127.0.0.1')
    await once(listening, 'listening')
    server = listening
    return (listening.address() as AddressInfo).port
  }
  const cut = async (): Promise<void> => {
    const closing = server
    server = undefined
    for (const socket of sockets) socket.destroy()
    if (closing === undefined) return
    closing.close()
    await once(closing, 'close')
  }
  const port = await listen(0)
  return {
    port,
    cut,
    mend: async () => void (await listen(port)),
    close: cut,
  }
}

/** The same kubeconfig with its server at another port of this machine. */
export function kubeconfigAt(port: number, kubeconfig: string, path: string): string {
  writeFileSync(
    path,
    readFileSync(kubeconfig, 'utf8').replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${port}`),
  )
  return path
}
