import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask as askServer, type Ask, type Reply, testServers, type TestServers } from '../test-server.ts'
import type { GliaServer } from '../server.ts'

const ECHO = '/ww/0.1.0/self/root/echo'
const SITE = 'https://allowed.example'

let servers: TestServers
let server: GliaServer

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start({
    allowOrigins: [SITE],
    maxBodyBytes: 100_000,
    limits: { maxCalls: 3, maxCallsPerClient: 2 },
  })
})

afterAll(() => servers.end())

function ask(path: string, options: Partial<Ask> = {}): Promise<Reply> {
  return askServer(path, { port: server.port, ...options })
}

/** A call whose message does not end. */
function begin(localAddress = '127.0.0.1'): ClientRequest {
  const call = request({ port: server.port, host: '127.0.0.1', localAddress, path: ECHO, method: 'POST' })
  call.on('error', () => undefined)
  call.write('x')
  return call
}

async function replyTo(call: ClientRequest): Promise<IncomingMessage> {
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  return reply
}

async function metric(name: string): Promise<string | undefined> {
  const { body } = await ask('/metrics')
  return new RegExp(`^${name} (.*)$`, 'm').exec(body)?.[1]
}

test('a message reaches the root process, and its reply streams while the message is still sent', async () => {
  expect((await ask(ECHO, { method: 'POST', body: 'hello' })).body).toBe('hello')
  const call = begin()
  const reply = await replyTo(call)
  call.write('y')
  const chunks: string[] = []
  for await (const chunk of reply) {
    chunks.push(String(chunk))
    if (chunks.join('') === 'xy') call.end()
  }
  expect(chunks.join('')).toBe('xy')
})

test.each([
  ['/ww/0.1.0/nobody/root/echo', 400, 'ERR_BAD_ADDRESS'],
  ['/ww/0.1.0/self/root/none', 404, 'ERR_NO_METHOD'],
  ['/ww/0.1.0/self/1111111111111111111111/echo', 400, 'ERR_BAD_ADDRESS'],
])('%s is answered with %d %s', async (path, status, code) => {
  const reply = await ask(path, { method: 'POST', body: 'x' })
  expect(reply.status).toBe(status)
  expect(JSON.parse(reply.body)).toMatchObject({ code })
})

test.each([
  ECHO,
  `${ECHO}?exit=ok`,
  `${ECHO}?exit=other`,
  `${ECHO}/`,
  '/ww/0.1.0/self/root/%65cho',
  '/ww/0.1.0/self/root/%',
  '/ww/0.1.0/self/../self/root/echo',
  '/ww/0.1.0/self/root/..',
  '//ww/0.1.0/self/root/echo',
  '/ww/0.1.0/self/root/none',
  '/ww/0.1.0/nobody/root/echo',
  '/ww/0.1.0/self/listed',
])('a program and the browser of a person get the same answer for %s', async (path) => {
  const call = { method: 'POST', body: 'x', headers: { traceparent: 'not one', te: 'trailers' } }
  const [program, person] = await Promise.all([
    ask(path, call),
    ask(path, { ...call, headers: { ...call.headers, 'sec-fetch-site': 'none' } }),
  ])
  const facts = ({ status, body, headers }: Reply) => {
    // Whether a reply is sent with its length depends on when its end comes.
    const { date: _date, 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = headers
    return { status, body, rest }
  }
  expect(facts(program)).toEqual(facts(person))
})

test('a program that asks for a name of no server is refused', async () => {
  const reply = await ask(ECHO, { method: 'POST', body: 'x', host: 'evil.example' })
  expect([reply.status, JSON.parse(reply.body)]).toMatchObject([403, { code: 'ERR_DENIED' }])
})

test('a message above the cap is refused, by its length or on its way', async () => {
  const body = 'x'.repeat(100_001)
  const known = await ask(ECHO, { method: 'POST', body })
  expect([known.status, JSON.parse(known.body)]).toMatchObject([413, { code: 'ERR_MESSAGE_TOO_LARGE' }])
  const call = begin()
  const reply = await replyTo(call)
  const read = (async () => {
    for await (const chunk of reply) void chunk
  })()
  call.end(body)
  await expect(read).rejects.toThrow('aborted')
})

test('headers above 16 KiB are refused', async () => {
  expect((await ask('/status', { headers: { 'x-large': 'x'.repeat(20_000) } })).status).toBe(431)
})

test('calls past the cap of a client, and of all, are refused at once and counted', async () => {
  const open = [begin(), begin()]
  await expect.poll(() => metric('glia_http_calls_in_flight')).toBe('2')
  const third = await ask(ECHO, { method: 'POST', body: 'x' })
  expect([third.status, third.headers['retry-after'], JSON.parse(third.body)]).toMatchObject([
    429,
    '1',
    { code: 'ERR_MAILBOX_FULL' },
  ])
  open.push(begin('127.0.0.2'))
  await expect.poll(() => metric('glia_http_calls_in_flight')).toBe('3')
  expect((await replyTo(begin('127.0.0.3'))).statusCode).toBe(503)
  for (const call of open) call.destroy()
  await expect.poll(() => metric('glia_http_calls_in_flight')).toBe('0')
  expect((await ask(ECHO, { method: 'POST', body: 'x' })).status).toBe(200)
  expect(await metric('glia_http_calls_total\\{status="429"\\}')).toBe('1')
  expect(await metric('glia_http_calls_total\\{status="499"\\}')).toBe('4')
})

test.each([
  [{ origin: 'https://evil.example' }],
  [{ origin: 'null' }],
  [{ origin: 'http://localhost:1' }],
  [{ 'sec-fetch-site': 'cross-site' }],
  [{ 'sec-fetch-site': 'same-site' }],
])('what a foreign page sends is refused: %j', async (headers) => {
  for (const path of [ECHO, '/status', '/metrics']) {
    const method = path === ECHO ? 'POST' : 'GET'
    const reply = await ask(path, { method, headers })
    expect([reply.status, JSON.parse(reply.body)]).toMatchObject([403, { code: 'ERR_DENIED' }])
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
  }
})

test('a page of its own origin, and a person who types the address, are answered', async () => {
  const own = { origin: `http://localhost:${server.port}`, 'sec-fetch-site': 'same-origin' }
  expect((await ask(ECHO, { method: 'POST', body: 'x', host: `localhost:${server.port}`, headers: own })).status).toBe(
    200,
  )
  expect((await ask('/status', { headers: { 'sec-fetch-site': 'none' } })).status).toBe(200)
})

test('requests of one client with the same key are one call', async () => {
  const headers = { 'idempotency-key': '"gateway-1"' }
  for (const _ of [1, 2]) {
    expect(await ask(ECHO, { method: 'POST', body: 'x', headers })).toMatchObject({ status: 200, body: 'x' })
  }
  const other = await ask(ECHO, { method: 'POST', body: 'y', headers })
  expect([other.status, JSON.parse(other.body)]).toMatchObject([422, { code: 'ERR_KEY_REUSED' }])
  expect((await ask(ECHO, { method: 'POST', headers: { 'idempotency-key': '' } })).status).toBe(400)
})

test('pages of an allowed site are answered, and may read the answer', async () => {
  const headers = { origin: SITE, 'sec-fetch-site': 'cross-site' }
  const preflight = await ask(ECHO, {
    method: 'OPTIONS',
    headers: {
      ...headers,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'idempotency-key',
      'access-control-request-private-network': 'true',
    },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers).toMatchObject({
    'access-control-allow-headers': 'idempotency-key',
    'access-control-allow-origin': SITE,
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-private-network': 'true',
  })
  for (const path of [ECHO, '/ww/0.1.0/self/root/none']) {
    expect((await ask(path, { method: 'POST', body: 'x', headers })).headers).toMatchObject({
      'access-control-allow-origin': SITE,
      vary: 'origin',
    })
  }
})

test('a call that may have run before the server was started does not run again', async () => {
  const send = (age: number): Promise<Reply> =>
    ask('/ww/0.1.0/self/root/echo', {
      method: 'POST',
      body: 'x',
      headers: { 'idempotency-key': `"sent-${age}";age=${age}` },
    })
  expect((await send(1)).body).toBe('x')
  const late = await send(999_999_999)
  expect([late.status, JSON.parse(late.body)]).toMatchObject([410, { code: 'ERR_REPLY_GONE' }])
})

test('where the relay is, pages of this server and of allowed sites may read, and no others', async () => {
  const path = '/.well-known/glia.json'
  const own = await ask(path)
  expect(own.headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'application/json' })
  expect(own.headers).not.toHaveProperty('access-control-allow-origin')
  expect(JSON.parse(own.body)).toEqual({
    version: 'ww/0.1.0',
    peer: server.peerId,
    relays: [server.relayAddresses.find((address) => address.includes('/ws'))],
  })
  const foreign = await ask(path, { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } })
  expect([foreign.status, JSON.parse(foreign.body)]).toMatchObject([403, { code: 'ERR_DENIED' }])
  expect(foreign.headers).not.toHaveProperty('access-control-allow-origin')
  const allowed = await ask(path, { headers: { origin: SITE, 'sec-fetch-site': 'cross-site' } })
  expect(allowed.headers).toMatchObject({
    'access-control-allow-origin': SITE,
    'access-control-expose-headers': 'glia-exit-code, retry-after, traceparent',
    vary: 'origin',
  })
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

test('figures are for this machine, unless told otherwise', async () => {
  expect((await ask('/metrics')).headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  expect((await ask('/metrics', { headers: { 'x-forwarded-for': '203.0.113.7' } })).status).toBe(403)
  for (const name of ['via', 'x-real-ip', 'forwarded', 'x-forwarded-proto']) {
    expect([name, (await ask('/metrics', { headers: { [name]: 'x' } })).status]).toEqual([name, 403])
  }
  // Some proxies add no header. Behind such a proxy no request counts as one of this machine.
  const port = await freePort()
  const behind = await servers.start({ announce: ['/dns4/glia.example/tcp/443/wss'], metricsPort: port })
  expect((await ask('/metrics', { port: behind.port })).status).toBe(403)
  expect((await ask('/metrics', { port })).body).toContain('glia_reservations')
  expect((await ask('/metrics', { port, host: 'evil.example' })).status).toBe(404)
  const open = await servers.start({ publicMetrics: true })
  expect((await ask('/metrics', { port: open.port, headers: { 'x-forwarded-for': '203.0.113.7' } })).status).toBe(200)
})

test('250 unfinished bodies of one client keep no other client from calling', async () => {
  const crowded = await servers.start({})
  const open = (localAddress: string): ClientRequest => {
    const call = request({ port: crowded.port, host: '127.0.0.1', localAddress, path: ECHO, method: 'POST' })
    call.on('error', () => undefined)
    call.write('x')
    return call
  }
  const calls = Array.from({ length: 250 }, () => open('127.0.0.2'))
  const inFlight = async (): Promise<number> => {
    const { body } = await askServer('/metrics', { port: crowded.port })
    return Number(/glia_http_calls_in_flight (\d+)/.exec(body)?.[1])
  }
  await expect.poll(inFlight, { timeout: 15_000 }).toBeGreaterThan(100)
  for (let i = 0; i < 3; i++) {
    expect(await askServer(ECHO, { port: crowded.port, method: 'POST', body: 'hello' })).toMatchObject({
      status: 200,
      body: 'hello',
    })
  }
  for (const call of calls) call.destroy()
})
