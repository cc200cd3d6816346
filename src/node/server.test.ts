import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API_HEADERS } from '../glia/http/refuse.ts'
import { ACTOR_CSP, ISOLATION_HEADERS } from '../headers.ts'
import type { GliaServer } from './server.ts'
import { type Ask, ask as askServer, PAGE, type Reply, testServers, type TestServers } from './test-server.ts'

let servers: TestServers
let server: GliaServer

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start()
})

afterAll(() => servers.end())

function ask(path: string, options: Partial<Ask> = {}): Promise<Reply> {
  return askServer(path, { port: server.port, ...options })
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

test('the API answers for the server itself', async () => {
  const root = (await ask('/root')).body
  const { status, headers, body } = await ask('/status')
  expect([status, body]).toEqual([200, `ww/0.1.0/${server.peerId}/${root}`])
  expect(headers).toMatchObject(API_HEADERS)
  expect((await ask('/version')).body).toBe('ww/0.1.0')
  expect(JSON.parse((await ask('/info')).body)).toEqual({ ID: server.peerId, Addrs: server.relayAddresses })
  expect((await ask('/status', { method: 'POST' })).status).toBe(405)
})

test.each(['/nothing', '/assets/', '/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/status/more'])(
  '%s is not found, and not the page',
  async (path) => {
    const { status, headers, body } = await ask(path)
    expect(status).toBe(404)
    expect(headers['content-type']).toMatch(/^text\/plain/)
    expect(body).not.toContain('<')
  },
)

test('hidden files, and links that lead out of the folder, are not served; links within it are', async () => {
  const outside = join(await servers.newFolder(), 'secret.txt')
  await writeFile(outside, 'secret')
  await writeFile(join(servers.dist, '.env'), 'secret')
  await mkdir(join(servers.dist, '.git/refs'), { recursive: true })
  await writeFile(join(servers.dist, '.git/refs/main'), 'secret')
  await mkdir(join(servers.dist, '.well-known/acme-challenge'), { recursive: true })
  await writeFile(join(servers.dist, '.well-known/acme-challenge/token'), 'proof')
  await mkdir(join(servers.dist, 'folder'))
  await symlink(outside, join(servers.dist, 'folder/index.html'))
  await symlink(outside, join(servers.dist, 'out.txt'))
  await symlink(dirname(outside), join(servers.dist, 'outer'))
  await symlink(join(servers.dist, 'actor.js'), join(servers.dist, 'inner.js'))
  const hidden = [
    '/.env',
    '/%2eenv',
    '/.git/refs/main',
    '/out.txt',
    '/outer/secret.txt',
    '/folder/',
    '/folder/index.html',
  ]
  for (const path of hidden) {
    const { status, body } = await ask(path)
    expect([path, status, body.includes('secret')]).toEqual([path, 404, false])
  }
  expect((await ask('/inner.js')).body).toBe('/* actor */')
  expect((await ask('/.well-known/acme-challenge/token')).body).toBe('proof')
})

test('a second server on the same data folder is refused, and the first goes on', async () => {
  const data = await servers.newFolder()
  const first = await servers.start({ data })
  await expect(servers.start({ data })).rejects.toThrow('is in use by another server')
  expect((await ask('/status', { port: first.port })).status).toBe(200)
  await first.stop()
  await (await servers.start({ data })).stop()
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
  '%s of what can only be read is refused, with what is allowed',
  async (method) => {
    for (const path of ['/', '/index.html', '/metrics', '/.well-known/glia.json']) {
      const { status, headers } = await ask(path, { method })
      expect([path, status, headers['allow']]).toEqual([path, 405, 'GET, HEAD'])
    }
  },
)

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s of a path that is not there is not found', async (method) => {
  for (const path of ['/ipfs/v0/add', '/nothing', '/status/more', '/%2e%2e/package.json']) {
    const { status, headers, body } = await ask(path, { method })
    expect([path, status, headers['allow']]).toEqual([path, 404, undefined])
    expect(JSON.parse(body)).toMatchObject({ code: 'ERR_NO_PATH' })
  }
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

test('a server behind a proxy answers to the name it is announced under, and to no other', async () => {
  const announced = await servers.start({ announce: ['/dns4/glia.example/tcp/443/wss'] })
  const { port, peerId } = announced
  const known = await ask('/.well-known/glia.json', { port, host: 'glia.example' })
  expect(JSON.parse(known.body)).toMatchObject({ relays: [`/dns4/glia.example/tcp/443/wss/p2p/${peerId}`] })
  expect((await ask('/', { port, host: 'evil.example' })).status).toBe(403)
  expect((await ask('/metrics', { port, host: 'glia.example' })).status).toBe(403)
})

test('a server for other machines answers to IP addresses and to announced names, and to no other', async () => {
  const open = await servers.start({ host: '0.0.0.0', announce: ['/dns4/glia.example/tcp/2081/ws'] })
  try {
    expect(open.url).toBe(`http://localhost:${open.port}/`)
    for (const host of ['192.168.0.7:2080', '[2001:db8::7]:2080', 'glia.example:2080', 'localhost']) {
      expect([host, (await ask('/', { host, port: open.port })).status]).toEqual([host, 200])
    }
    for (const host of ['evil.example', '192.168.0.7.evil.example', '1']) {
      expect([host, (await ask('/', { host, port: open.port })).status]).toEqual([host, 403])
    }
  } finally {
    await open.stop()
  }
})

test('a server on ::1 is told by that address: localhost leads to 127.0.0.1 on many machines', async () => {
  const own = await servers.start({ host: '::1' })
  try {
    expect(own.url).toBe(`http://[::1]:${own.port}/`)
    expect((await fetch(own.url)).status).toBe(200)
  } finally {
    await own.stop()
  }
})

test.each(['http', 'ws', 'tcp'] as const)('a taken port of --%s is said in one sentence', async (flag) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(servers.start({ [flag]: port })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is in use: choose another one with --${flag} PORT (0 = any).`,
  )
  other.close()
})

test('a folder without an app is said in one sentence', async () => {
  await expect(servers.start({ dist: join(servers.dist, 'none') })).rejects.toThrow('npm run build')
})

test('a relay that is told to join itself, or to announce another peer, says so', async () => {
  const data = await servers.newFolder()
  const first = await servers.start({ data })
  const [own = ''] = first.relayAddresses
  await first.stop()
  await expect(servers.start({ data, relays: [own] })).rejects.toThrow('is this relay itself')
  await expect(servers.start({ announce: [own] })).rejects.toThrow("another peer's id")
})

test('stop ends a request that never ends', async () => {
  const stopping = await servers.start()
  const socket = connect(stopping.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  socket.write('POST /ww/0.1.0/self/root/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello')
  await once(socket, 'data')
  // The request alone would hold the server for a minute, which is longer than this test may take.
  await Promise.all([stopping.stop(), stopping.stop()])
  await expect(fetch(`http://127.0.0.1:${stopping.port}/status`)).rejects.toThrow('fetch failed')
  socket.destroy()
})

test('a restarted server is the same peer with the same root process', async () => {
  const data = await servers.newFolder()
  const first = await servers.start({ data })
  const before = (await ask('/status', { port: first.port })).body
  await first.stop()
  const second = await servers.start({ data })
  expect((await ask('/status', { port: second.port })).body).toBe(before)
})
