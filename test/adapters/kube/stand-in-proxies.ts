import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A proxy for `CONNECT`; it sees addresses, and nothing of what goes through. */
export function tunnelServer(targets: string[]): Server {
  return createHttpServer().on('connect', (request, client: Socket) => {
    targets.push(request.url ?? '')
    const [host, port] = (request.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
}

/** RFC 1928: greeting, request to connect to an IPv4 address, then bytes both ways. */
export function socksServer(targets: string[]): Server {
  return createServer((socket) => {
    socket.once('data', (greeting) => {
      // Another version is not spoken, and its request never comes.
      if (greeting[0] !== 5) socket.destroy()
      else socket.write(Buffer.from([5, 0]))
      socket.once('data', (request) => {
        const host = [...request.subarray(4, 8)].join('.')
        const port = request.readUInt16BE(8)
        targets.push(`${host}:${port}`)
        const upstream = connect(port, host, () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          socket.pipe(upstream).pipe(socket)
        })
        upstream.on('error', () => socket.destroy())
        socket.on('error', () => upstream.destroy())
      })
    })
  })
}
