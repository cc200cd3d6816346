import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API_HEADERS } from '../glia/refuse.ts'
import { ACTOR_CSP, ISOLATION_HEADERS } from '../headers.ts'
import { type GliaServer, startServer } from './server.ts'

const PAGE = '<!doctype html><title>Glia</title>'

let dist: string
let server: GliaServer

beforeAll(async () => {
  dist = await mkdtemp(join(tmpdir(), 'glia-dist-'))
  await mkdir(join(dist, 'assets'))
  await mkdir(join(dist, 'actors'))
  await writeFile(join(dist, 'index.html'), PAGE)
  await writeFile(join(dist, 'actor.js'), '/* actor */')
  await writeFile(join(dist, 'sw.js'), '/* service */')
  await writeFile(join(dist, 'assets/index-B1x.js'), `/* ${'x'.repeat(5000)} */`)
  await writeFile(join(dist, 'actors/root.wasm'), new Uint8Array([0, 0x61, 0x73, 0x6d]))
  server = await startServer({ http: 0, host: '127.0.0.1', dist })
})

afterAll(async () => {
  await server.stop()
  await rm(dist, { recursive: true })
})

interface Reply {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** `fetch` neither sets Host nor keeps `..` in a path. */
async function ask(path: string, { method = 'GET', host = 'localhost', port = server.port } = {}): Promise<Reply> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, method, headers: { host } }, resolve).once('error', reject).end()
  })
  let body = ''
  for await (const chunk of reply) body += String(chunk)
  return { status: reply.statusCode, headers: reply.headers, body }
}

test.each(['/', '/index.html', '/?peer=1'])('GET %s is the page, isolated, under its policy', async (path) => {
  const { status, headers, body } = await ask(path)
  expect(status).toBe(200)
  expect(body).toBe(PAGE)
  expect(headers).toMatchObject({ ...ISOLATION_HEADERS, 'content-type': 'text/html; charset=utf-8' })
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
})

test('workers, assets and modules come with their own headers and types', async () => {
  expect((await ask('/actor.js')).headers).toMatchObject({ ...ISOLATION_HEADERS, 'content-security-policy': ACTOR_CSP })
  expect((await ask('/sw.js')).headers).toMatchObject({ 'content-type': /javascript/, 'cache-control': 'no-cache' })
  expect((await ask('/assets/index-B1x.js')).headers['cache-control']).toContain('immutable')
  expect((await ask('/actors/root.wasm')).headers['content-type']).toBe('application/wasm')
})

test('what compresses well is compressed for who asks', async () => {
  const reply = await fetch(new URL('/assets/index-B1x.js', server.url), { headers: { 'accept-encoding': 'gzip' } })
  expect(reply.headers.get('content-encoding')).toBe('gzip')
  expect(await reply.text()).toHaveLength(5006)
})

test('HEAD is GET without the body', async () => {
  const { status, headers, body } = await ask('/', { method: 'HEAD' })
  expect([status, body]).toEqual([200, ''])
  expect(headers['content-length']).toBe(String(PAGE.length))
})

test.each(['/status', '/info', '/version', '/root', '/ww/0.1.0/self/root/echo'])(
  '%s says that no tab answers it',
  async (path) => {
    for (const method of ['GET', 'POST']) {
      const { status, headers, body } = await ask(path, { method })
      expect(status).toBe(503)
      expect(headers).toMatchObject({ ...API_HEADERS, 'content-type': 'application/json' })
      expect(JSON.parse(body)).toEqual({
        code: 'ERR_NO_TAB',
        message: expect.stringContaining('service worker') as unknown,
      })
    }
  },
)

test.each(['/nothing', '/assets/', '/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/status/more'])(
  '%s is not found, and not the page',
  async (path) => {
    const { status, headers, body } = await ask(path)
    expect(status).toBe(404)
    expect(headers['content-type']).toMatch(/^text\/plain/)
    expect(body).not.toContain('<')
  },
)

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s of a file is refused, with what is allowed', async (method) => {
  const { status, headers } = await ask('/', { method })
  expect(status).toBe(405)
  expect(headers['allow']).toBe('GET, HEAD')
})

test('a name that has been pointed at this machine is refused', async () => {
  for (const host of [
    'evil.example',
    'evil.example:2080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.0.7',
  ]) {
    for (const path of ['/', '/status']) {
      const { status, body } = await ask(path, { host })
      expect(status).toBe(403)
      expect(JSON.parse(body)).toMatchObject({ code: 'ERR_DENIED' })
    }
  }
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:2080', '[::1]', '[::1]:2080']) {
    expect((await ask('/', { host })).status).toBe(200)
  }
})

test('a server for other machines answers to any name', async () => {
  const open = await startServer({ http: 0, host: '0.0.0.0', dist })
  try {
    expect(open.url).toBe(`http://localhost:${open.port}/`)
    expect((await ask('/', { host: 'glia.example', port: open.port })).status).toBe(200)
  } finally {
    await open.stop()
  }
})

test('a port that is taken, and a folder without an app, are said in one sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(startServer({ http: port, host: '127.0.0.1', dist })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is in use`,
  )
  other.close()
  await expect(startServer({ http: 0, host: '127.0.0.1', dist: join(dist, 'none') })).rejects.toThrow('npm run build')
})

test('stop ends a request that never ends', async () => {
  const stopping = await startServer({ http: 0, host: '127.0.0.1', dist })
  const socket = connect(stopping.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  socket.write('POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n')
  const started = performance.now()
  await Promise.all([stopping.stop(), stopping.stop()])
  expect(performance.now() - started).toBeLessThan(1900)
  socket.destroy()
})
