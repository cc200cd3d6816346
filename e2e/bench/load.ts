import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

interface Load {
  port: number
  path: string
  connections: number
  calls: number
}

const MESSAGE = 'x'.repeat(32)

/**
 * Requests a second, each a POST of 32 bytes that are sent back, over connections that stay. Raw sockets, since a client
 * of HTTP would take more of the machine than the servers.
 */
export async function requestRate({ port, path, connections, calls }: Load): Promise<number> {
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: ${MESSAGE.length}\r\n\r\n`
  const request = Buffer.from(head + MESSAGE)
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  let left = calls
  const one = async (socket: Socket): Promise<void> => {
    while (left-- > 0) {
      socket.write(request)
      await reply(socket)
    }
  }
  const began = performance.now()
  await Promise.all(sockets.map(one))
  const rate = calls / ((performance.now() - began) / 1000)
  for (const socket of sockets) socket.destroy()
  return rate
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  return socket
}

/** Reads a reply that has a length, or comes in chunks. @throws {Error} with the reply if it is not the message. */
async function reply(socket: Socket): Promise<void> {
  let text = ''
  await new Promise<void>((resolve, reject) => {
    const take = (data: Buffer): void => {
      text += data.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = /content-length: (\d+)/i.exec(text.slice(0, end))?.[1]
      const isWhole = length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length)
      if (!isWhole) return
      socket.off('data', take).off('close', lost)
      resolve()
    }
    const lost = (): void => reject(new Error(`the connection was closed after ${text}`))
    socket.on('data', take).once('close', lost)
  })
  if (!text.startsWith('HTTP/1.1 200') || !text.includes(MESSAGE)) throw new Error(text)
}
