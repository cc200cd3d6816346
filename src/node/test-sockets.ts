// For tests: raw sockets at the ports of a server.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { GliaServer } from './server.ts'

/** TCP port at which libp2p listens. */
export function portOf({ relayAddresses }: GliaServer, transport: 'ws' | 'tcp'): number {
  const form = transport === 'ws' ? /\/tcp\/(\d+)\/ws\/p2p\// : /\/tcp\/(\d+)\/p2p\//
  const port = relayAddresses.map((address) => form.exec(address)?.[1]).find((found) => found !== undefined)
  if (port === undefined) throw new Error(`there is no ${transport} port`)
  return Number(port)
}

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Asks for a WebSocket. Resolves to the status line and everything after it. */
export async function upgrade(socket: Socket, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const lines = Object.entries({
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  socket.write(`GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  return answer.toString()
}

/** The head of a masked binary frame of WebSocket that announces so many bytes. */
export function frameHead(bytes: number): Buffer {
  const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
  head.writeBigUInt64BE(BigInt(bytes), 2)
  return head
}

/** Resolves when a socket is closed, however. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}
