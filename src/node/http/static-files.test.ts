import { utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACTOR_CSP } from '../../headers.ts'
import type { GliaServer } from '../server.ts'
import { testServers, type TestServers } from '../test-server.ts'

const ASSET = '/assets/index-B1x.js'

let servers: TestServers
let server: GliaServer

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start()
})

afterAll(() => servers.end())

interface Got {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** `fetch` decompresses what it gets. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent: false, port: server.port, host: '127.0.0.1', path, method, headers }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () => {
        resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(chunks) })
      })
    })
    asked.on('error', reject).end()
  })
}

test('a file comes compressed as the client takes it, with its length', async () => {
  const plain = await get(ASSET)
  expect(plain.headers).toMatchObject({ 'content-length': '5006', vary: 'accept-encoding' })
  expect(plain.headers['content-encoding']).toBeUndefined()
  for (const [accepts, encoding, decode] of [
    ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
    ['gzip;q=1.0, br;q=0', 'gzip', gunzipSync],
    ['GZIP', 'gzip', gunzipSync],
  ] as const) {
    const { status, headers, body } = await get(ASSET, { 'accept-encoding': accepts })
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-encoding': encoding,
      'content-length': String(body.length),
      vary: 'accept-encoding',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expect(body.length).toBeLessThan(500)
    expect(decode(body).equals(plain.body)).toBe(true)
    expect((await get(ASSET, { 'accept-encoding': accepts }, 'HEAD')).headers).toMatchObject({
      'content-encoding': encoding,
      'content-length': String(body.length),
    })
  }
  expect((await get(ASSET, { 'accept-encoding': 'identity' })).body.equals(plain.body)).toBe(true)
})

test('what a client has is not sent again, in whatever encoding it has it', async () => {
  const headers = { 'accept-encoding': 'br' }
  const { etag } = (await get(ASSET, headers)).headers
  const plain = (await get(ASSET)).headers['etag']
  expect(etag).toMatch(/^"[\da-f]{32}-br"$/)
  expect(plain).toBe(String(etag).replace('-br', ''))
  for (const known of [etag, plain, `W/${String(etag)}`, `"other", ${String(plain)}`, '*']) {
    const reply = await get(ASSET, { ...headers, 'if-none-match': String(known) })
    expect([reply.status, reply.body.length, reply.headers['etag']]).toEqual([304, 0, etag])
    expect(reply.headers).toMatchObject({ vary: 'accept-encoding', 'cache-control': /immutable/ })
  }
  expect((await get(ASSET, { ...headers, 'if-none-match': '"other"' })).status).toBe(200)
})

test('a 304 has the policy of the file, and the page has a tag too', async () => {
  const { etag } = (await get('/actor.js')).headers
  const known = await get('/actor.js', { 'if-none-match': String(etag) })
  expect(known.status).toBe(304)
  expect(known.headers).toMatchObject({ 'content-security-policy': ACTOR_CSP, 'cache-control': 'no-cache' })
  const page = await get('/')
  expect((await get('/', { 'if-none-match': String(page.headers['etag']) })).status).toBe(304)
  expect((await get('/index.html', { 'if-none-match': String(page.headers['etag']) })).status).toBe(304)
})

test('a part of a file is never compressed, and never of another version', async () => {
  const range = { range: 'bytes=0-9', 'accept-encoding': 'br, gzip' }
  const part = await get(ASSET, range)
  expect([part.status, part.body.length, part.headers['content-range']]).toEqual([206, 10, 'bytes 0-9/5006'])
  expect(part.headers['content-encoding']).toBeUndefined()
  expect((await get(ASSET, { ...range, 'if-range': String(part.headers['etag']) })).status).toBe(206)
  const whole = await get(ASSET, { ...range, 'if-range': '"other"' })
  expect([whole.status, whole.body.length, whole.headers['content-range']]).toEqual([200, 5006, undefined])
  expect((await get(ASSET, { range: 'bytes=9999-' })).status).toBe(416)
  expect((await get(ASSET, { range: 'bytes=-5' })).body).toHaveLength(5)
  expect((await get(ASSET, { range: 'bytes=5-' })).body).toHaveLength(5001)
  // What is not one part of the bytes is no range at all.
  for (const odd of ['nonsense', 'items=0-3', 'bytes=0-1,4-5', 'bytes=9-3', 'bytes=', 'bytes=-']) {
    const { status, body, headers } = await get(ASSET, { range: odd })
    expect.soft([odd, status, body.length, headers['content-range']]).toEqual([odd, 200, 5006, undefined])
  }
})

test('a file that was changed has another tag and another content', async () => {
  const path = join(servers.dist, 'changing.txt')
  const headers = { 'accept-encoding': 'br' }
  await writeFile(path, 'a'.repeat(5000))
  const first = await get('/changing.txt', headers)
  await writeFile(path, 'b'.repeat(5000))
  await utimes(path, new Date(), new Date(Date.now() + 5000))
  const second = await get('/changing.txt', { ...headers, 'if-none-match': String(first.headers['etag']) })
  expect(second.status).toBe(200)
  expect(brotliDecompressSync(second.body).toString()).toBe('b'.repeat(5000))
})
