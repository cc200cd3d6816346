import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GliaServer } from '../server.ts'
import { ask, testServers, type TestServers } from '../test-server.ts'
import { closed, frameHead, openSocket, portOf, upgrade } from '../test-sockets.ts'

const SITE = 'https://allowed.example'

let servers: TestServers
let server: GliaServer

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start({
    allowOrigins: [SITE],
    announce: ['/dns4/glia.example/tcp/443/wss'],
    publicMetrics: true,
  })
})

afterAll(() => servers.end())

async function answer(headers: Readonly<Record<string, string>>, to = server): Promise<string> {
  const socket = await openSocket(portOf(to, 'ws'))
  const said = await upgrade(socket, headers)
  socket.destroy()
  return said
}

async function refused(what: string, by = server): Promise<number> {
  const { body } = await ask('/metrics', { port: by.port })
  return Number(new RegExp(`^glia_refused_total\\{what="${what}"\\} (.*)$`, 'm').exec(body)?.[1] ?? 0)
}

test('programs join, which send no Origin', async () => {
  expect(await answer({})).toMatch(/^HTTP\/1\.1 101 /)
})

test('pages of this server join, under whichever of its names, and those of allowed sites', async () => {
  const ws = portOf(server, 'ws')
  for (const [host, origin] of [
    [`127.0.0.1:${ws}`, `http://localhost:${server.port}`],
    [`localhost:${ws}`, `http://127.0.0.1:${server.port}`],
    ['glia.example', 'https://glia.example'],
    // A proxy that does not pass the name on.
    [`127.0.0.1:${ws}`, 'https://glia.example'],
    [`127.0.0.1:${ws}`, SITE],
  ] as const) {
    expect([host, origin, await answer({ host, origin })]).toEqual([
      host,
      origin,
      expect.stringMatching(/^HTTP\/1\.1 101 /),
    ])
  }
})

test('pages of any other site do not, and are told why', async () => {
  const before = await refused('origin')
  const ws = portOf(server, 'ws')
  const foreign = [
    'https://evil.example',
    'null',
    'http://localhost:1',
    'http://glia.example:8080',
    `http://evil.localhost.example:${server.port}`,
    `${SITE}.evil.example`,
    'file://',
    'chrome-extension://abcdef',
  ]
  for (const origin of foreign) {
    const said = await answer({ host: `127.0.0.1:${ws}`, origin })
    expect([origin, said]).toEqual([origin, expect.stringMatching(/^HTTP\/1\.1 403 /)])
    expect(said).toContain('may be let in with --allow-origin')
  }
  expect(await refused('origin')).toBe(before + foreign.length)
})

test('a name that has been pointed at this machine is refused, even by a page of that name', async () => {
  const ws = portOf(server, 'ws')
  const said = await answer({ host: `evil.example:${ws}`, origin: `http://evil.example:${ws}` })
  expect(said).toMatch(/^HTTP\/1\.1 403 /)
  expect(said).toContain('does not answer to evil.example')
})

test('--allow-origin * lets in pages of all sites', async () => {
  const open = await servers.start({ allowOrigins: ['*'] })
  expect(await answer({ origin: 'https://any.example' }, open)).toMatch(/^HTTP\/1\.1 101 /)
  const known = await ask('/.well-known/glia.json', { port: open.port, headers: { origin: 'https://any.example' } })
  expect(known.headers['access-control-allow-origin']).toBe('https://any.example')
})

test('a frame that says it is large ends its connection before it is there', async () => {
  const socket = await openSocket(portOf(server, 'ws'))
  expect(await upgrade(socket)).toMatch(/^HTTP\/1\.1 101 /)
  socket.write(frameHead(1024 * 1024))
  // The close frame says 1009, message too big.
  const [close] = (await once(socket, 'data')) as [Buffer]
  expect(close.includes(Buffer.from([0x03, 0xf1]))).toBe(true)
  await closed(socket)
})

test('what is sent before a handshake is bounded, in however many frames', async () => {
  const socket = await openSocket(portOf(server, 'ws'))
  await upgrade(socket)
  const frame = Buffer.concat([frameHead(64 * 1024), Buffer.alloc(64 * 1024)])
  const more = setInterval(() => socket.write(frame), 1)
  await closed(socket)
  clearInterval(more)
  expect(socket.bytesWritten).toBeLessThan(4 * 1024 * 1024)
})
