import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** A network that can go dark: an HTTP proxy that tunnels what it is asked to. */
export interface Tunnel {
  readonly url: string
  /** From now on nothing gets through, and nothing is closed; or everything does again. */
  setDark(isDark: boolean): void
  stop(): Promise<void>
}

export async function startTunnel(): Promise<Tunnel> {
  const sockets = new Set<Socket>()
  let isDark = false
  const add = (socket: Socket): void => {
    sockets.add(socket)
    if (isDark) socket.pause()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((incoming, response) => {
    // Plain requests, for the page itself.
    const out = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    out.on('error', () => response.destroy())
    incoming.pipe(out)
  })
  server.on('connection', add)
  server.on('connect', (incoming, near: Socket, head: Buffer) => {
    const { hostname, port } = new URL(`http://${incoming.url}`)
    const far = connect(Number(port), hostname === '[::1]' ? '::1' : hostname, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.write(head)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('data', (bytes: Buffer) => void to.write(bytes))
        from.on('end', () => to.end())
        if (isDark) from.pause()
      }
    })
    add(far)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    setDark(dark) {
      isDark = dark
      for (const socket of sockets) {
        if (dark) socket.pause()
        else socket.resume()
      }
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
