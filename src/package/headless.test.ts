import { once } from 'node:events'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { GliaError } from '../glia/errors.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import type { GliaServer } from '../node/server.ts'
import { testServers, type TestServers } from '../node/test-server.ts'
import { createPeer, type HeadlessPeer } from './headless.ts'
import { createProc } from './make.ts'

let count = 0
const proc = createProc({
  name: 'words',
  policy: { listed: true, callers: 'anyone' },
  methods: {
    async echo(message) {
      for (let bytes = await message.read(); bytes !== null; bytes = await message.read()) await message.write(bytes)
    },
    async counts(message) {
      count += 1
      await message.write(new TextEncoder().encode(String(count)))
    },
    async fails() {
      throw new Error('boom')
    },
    async garbles(message) {
      await message.write('a text' as never)
    },
    async exits() {
      throw new GliaError('ERR_EXITED', 'The program exited with code 7.', { exitCode: 7 })
    },
    async waits({ signal }) {
      await once(signal, 'abort')
    },
  },
})

let servers: TestServers
let server: GliaServer
let peer: HeadlessPeer
let other: HeadlessPeer

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start()
  peer = await createPeer({ relays: server.relayAddresses, procs: [proc] })
  other = await createPeer({ relays: server.relayAddresses, name: ' Ada “the first” ' })
  await vi.waitUntil(() => peer.addresses().length > 0, { timeout: 30_000 })
})

afterAll(async () => {
  await Promise.all([peer.stop(), other.stop()])
  await servers.end()
})

const to = (method: string): string => `/ww/0.1.0/${peer.peerId}/root/${method}`

test('the processes of a headless peer are called by another, by itself and through the gateway', async () => {
  const text = async (reply: Promise<Uint8Array>): Promise<string> => new TextDecoder().decode(await reply)
  expect(await text(other.call(to('echo'), 'hello'))).toBe('hello')
  expect(await text(peer.call('/ww/0.1.0/self/root/echo', 'myself'))).toBe('myself')
  const reply = await fetch(new URL(to('echo'), server.url), { method: 'POST', body: 'curl' })
  expect(await reply.text()).toBe('curl')
})

test('a call that is sent again with its key runs once, also when its gateway was started anew in between', async () => {
  const data = await servers.newFolder()
  const options = { data, relays: server.relayAddresses }
  const send = async ({ url }: GliaServer): Promise<string> =>
    (await fetch(new URL(to('counts'), url), { method: 'POST', headers: { 'idempotency-key': 'k1' } })).text()
  const gateway = await servers.start(options)
  expect(await send(gateway)).toBe('1')
  await gateway.stop()
  expect(await send(await servers.start(options))).toBe('1')
  expect(count).toBe(1)
})

test('both ways of a call to a headless peer stream at once', async () => {
  const stream = await other.open(to('echo'))
  for (const word of ['one', 'two']) {
    await stream.write(new TextEncoder().encode(word))
    expect(new TextDecoder().decode((await stream.read()) ?? undefined)).toBe(word)
  }
  await stream.closeWrite()
  expect(await readAll(stream)).toHaveLength(0)
})

test('a headless peer lists the processes whose policy says so', async () => {
  const listing = await fetch(new URL(`/ww/0.1.0/${peer.peerId}/listed`, server.url))
  expect(await listing.json()).toEqual([
    { pid: proc.pid, name: 'words', methods: ['echo', 'counts', 'fails', 'garbles', 'exits', 'waits'] },
  ])
})

test('the failures of its methods reach their callers', async () => {
  await expect(other.call(to('fails'))).rejects.toMatchObject({ code: 'ERR_FAILED' })
  await expect(other.call(to('exits'))).rejects.toMatchObject({ code: 'ERR_EXITED', exitCode: 7 })
  await expect(other.call(to('garbles'))).rejects.toMatchObject({ code: 'ERR_FAILED' })
  await expect(other.call(to('nothing'))).rejects.toMatchObject({ code: 'ERR_NO_METHOD' })
})

test('a caller that gives up is told so at once', async () => {
  const signal = AbortSignal.timeout(200)
  await expect(other.call(to('waits'), 'x', { signal })).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})

test('one signal may be that of many calls', async () => {
  const { signal } = new AbortController()
  const listen = vi.spyOn(signal, 'addEventListener')
  const release = vi.spyOn(signal, 'removeEventListener')
  for (let i = 0; i < 3; i++) await other.call(to('echo'), 'x', { signal })
  const [unread, failed] = [await other.open(to('echo'), { signal }), await other.open(to('fails'), { signal })]
  await unread.close()
  await failed.closeWrite()
  await expect(readAll(failed)).rejects.toMatchObject({ code: 'ERR_FAILED' })
  const added = listen.mock.calls.map(([, listener]) => listener)
  const removed = release.mock.calls.map(([, listener]) => listener)
  expect(added.length).toBeGreaterThanOrEqual(5)
  expect(added.filter((listener) => !removed.includes(listener))).toEqual([])
  const gone = AbortSignal.abort('enough')
  await expect(other.call(to('echo'), 'x', { signal: gone })).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})

test('a peer that is stopped ends its calls, and makes no more', async () => {
  const gone = await createPeer({ relays: server.relayAddresses })
  const stream = await gone.open(to('echo'))
  await stream.write(new Uint8Array(1))
  await stream.read()
  const end = stream.read().catch((thrown: unknown) => thrown)
  await Promise.all([gone.stop(), gone.stop()])
  expect(await end).toBeInstanceOf(GliaError)
  const stopped = { code: 'ERR_PROC_STOPPED', message: 'The peer was stopped.' }
  await expect(gone.call('/ww/0.1.0/self/root/echo', 'x')).rejects.toMatchObject(stopped)
  await expect(gone.open(to('echo'))).rejects.toMatchObject(stopped)
  await expect(gone.connect(server.relayAddresses[0] ?? '')).rejects.toMatchObject(stopped)
})

test('a headless peer watches a process of another, and learns of a kill and of a loss, each as what it is', async () => {
  const doomed = createProc({ name: 'doomed', methods: { async run() {} } })
  const owner = await createPeer({ relays: server.relayAddresses, procs: [proc, doomed] })
  await vi.waitUntil(() => owner.addresses().length > 0, { timeout: 30_000 })
  const kinds: string[] = []
  const id = await other.watch(`/ww/0.1.0/${owner.peerId}/root`, ({ kind }) => kinds.push(`root ${kind}`))
  await other.watch(`/ww/0.1.0/${owner.peerId}/${doomed.pid}/run`, ({ kind }) => kinds.push(`doomed ${kind}`))
  doomed.kill()
  await expect.poll(() => kinds).toEqual(['doomed killed'])
  await owner.stop()
  await expect.poll(() => kinds, { timeout: 10_000 }).toEqual(['doomed killed', 'root unreachable'])
  other.unwatch(id)
  other.unwatch('nothing')
}, 30_000)

test('what cannot be watched is refused with a GliaError', async () => {
  const nothing = (): void => undefined
  await expect(other.watch('nonsense', nothing)).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  await expect(other.watch(undefined as never, nothing)).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  await expect(other.watch(to('echo'), 'echo' as never)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
})

test('a signal that aborts before or while a peer starts leaves none', async () => {
  await expect(createPeer({ relays: [], signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
  const life = new AbortController()
  const starting = createPeer({ relays: server.relayAddresses, signal: life.signal })
  life.abort(new Error('while'))
  await expect(starting).rejects.toThrow('while')
})

test('relays and addresses of no use are refused with a GliaError', async () => {
  await expect(createPeer({ relays: ['nonsense'] })).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  await expect(createPeer({ relays: undefined as never })).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  await expect(other.call(undefined as never)).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  await expect(other.call('nonsense')).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  await expect(other.connect(undefined as never)).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  await expect(other.connect('nonsense')).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
})

test('a message that is no text and no bytes is refused, and nobody waits for it', async () => {
  await expect(other.call(to('echo'), 42 as never)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
})

test.each([
  [{ pid: 'x' }, 'ERR_BAD_ADDRESS'],
  [{ name: undefined }, 'ERR_BAD_REQUEST'],
  [{ methods: { 'a/b': async () => undefined } }, 'ERR_BAD_REQUEST'],
  [{ methods: { '': async () => undefined } }, 'ERR_BAD_REQUEST'],
  [{ methods: { run: 42 } }, 'ERR_BAD_REQUEST'],
])('a process of %j is refused', (given, code) => {
  const make = (): unknown => createProc({ name: 'x', methods: {}, ...given } as never)
  expect(make).toThrow(expect.objectContaining({ code }))
})

test('others see the name of a headless peer beside its id', async () => {
  await expect
    .poll(() => peer.peers().find(({ peerId }) => peerId === other.peerId)?.name, { timeout: 30_000 })
    .toBe('Ada the first')
})
