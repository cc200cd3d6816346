import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { type HttpServer, openHttp } from './http-server.ts'
import { WAITING_PER_TAB } from '../limits.ts'
import { shareOf } from '../inbound/networks.ts'
import { closed, openSocket } from '../test-sockets.ts'

let server: HttpServer | undefined

afterEach(() => server?.stop())

test('a socket that waits for its second answer is not taken for an idle one', async () => {
  const refused: string[] = []
  server = await openHttp({
    host: '127.0.0.1',
    port: 0,
    limits: { maxBodyBytes: 1000, bodyIdleMs: 5000 },
    perAddress: 1,
    observer: { refused: (what) => void refused.push(what) },
  })
  const second = Promise.withResolvers<void>()
  server.serve({
    fetch: async ({ url }) => {
      if (url.endsWith('/second')) await second.promise
      return new Response(url)
    },
  })
  const socket = await openSocket(server.port)
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  let text = ''
  socket.on('data', (data) => (text += String(data)))
  socket.write(get('/first') + get('/second'))
  await expect.poll(() => text).toContain('/first')
  // As many idle sockets as this machine may have. The last request is answered once the others were accepted.
  const count = shareOf('127.0.0.1', WAITING_PER_TAB)
  const opened = await Promise.all(Array.from({ length: count }, () => openSocket(server?.port ?? 0)))
  opened.at(-1)?.write(get('/last'))
  await once(opened.at(-1) ?? socket, 'data')
  expect(refused).toEqual([])
  second.resolve()
  await expect.poll(() => text).toContain('/second')
  for (const each of [socket, ...opened]) each.destroy()
  await Promise.all([socket, ...opened].map(closed))
})
