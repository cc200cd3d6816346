// What Node lacks, before libp2p.
// oxlint-disable-next-line import/no-unassigned-import
import '../src/node/polyfill.ts'
import { spawn as run } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, type Page } from '@playwright/test'
import { createLibp2p } from 'libp2p'
import { joined, startRelay, test as withMesh } from './mesh.ts'
import { readmeExample, rootEcho, tcpOf } from './native.ts'
import { finished, ROOT } from './server.ts'
import { addressOf, call, peerIdOf, spawn } from './tab.ts'

// A peer without Glia: js-libp2p as it comes.

const NO_PID = '1'.repeat(20)

const CHUNK = new Uint8Array(16 * 1024)

/** Node before 22 lacks it, and js-libp2p needs it. */
const POLYFILL = `Promise.withResolvers ??= function () {
  const out = {}
  out.promise = new this((resolve, reject) => Object.assign(out, { resolve, reject }))
  return out
}`

interface Fixtures {
  native: Libp2p
  /** Opens a stream to a tab by a protocol id. */
  open(protocol: string): Promise<Stream>
}

const test = withMesh.extend<Fixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
  native: async ({}, use) => {
    const native = await createLibp2p({
      transports: [tcp(), circuitRelayTransport()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() },
    })
    await use(native)
    await native.stop()
  },
  open: async ({ native, server, tab }, use) => {
    await joined(tab)
    const connection = await native.dial(multiaddr(`${await tcpOf(server)}/p2p-circuit/p2p/${await peerIdOf(tab)}`))
    await use((protocol) => connection.newStream(protocol))
  },
})

async function readAll(stream: Stream): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) text += decoder.decode(chunk.subarray(), { stream: true })
  return text
}

/**
 * A whole call: the message, its end, the reply. It always closes its own half: in @libp2p/utils 7 the iterator of a
 * stream that ended before it was asked for ends only with the stream.
 */
async function ask(stream: Stream, message?: string): Promise<string> {
  if (message !== undefined) stream.send(new TextEncoder().encode(message))
  const [reply] = await Promise.all([readAll(stream), stream.close()])
  return reply
}

async function outcomeOf(pending: Promise<unknown>): Promise<unknown> {
  return pending.then(
    () => 'no error',
    (thrown: Error) => thrown.name,
  )
}

async function isIdle(tab: Page, pid: string): Promise<boolean> {
  return tab.evaluate((id) => glia.procs().find((proc) => proc.pid === id)?.state !== 'busy', pid)
}

test('a libp2p peer that knows nothing of Glia calls a process in a tab', async ({ tab, open }) => {
  expect(await ask(await open(await addressOf(tab, 'echo')), 'hello')).toBe('hello')
  const pid = await spawn(tab, 'trouble')
  expect(await ask(await open(await addressOf(tab, 'slurp', pid)), 'x'.repeat(100_000))).toBe('100000')
  // The bare protocol tells who is there.
  expect(await ask(await open('/ww/0.1.0'))).toBe((await addressOf(tab, '')).slice(1, -1))
})

test('a libp2p peer is refused what is not there, and the tab goes on', async ({ tab, open }) => {
  for (const address of [
    await addressOf(tab, 'echo', NO_PID),
    await addressOf(tab, 'nothing'),
    (await addressOf(tab, 'echo')).replace(await peerIdOf(tab), '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'),
    '/ww/0.1.0/nonsense',
  ]) {
    expect(await outcomeOf(open(address)), address).toBe('UnsupportedProtocolError')
  }
  expect(await ask(await open(await addressOf(tab, 'echo')), 'hello')).toBe('hello')
})

test('a trap is a reset to a libp2p peer, and a peer that resets is an error to the process', async ({ tab, open }) => {
  const [trouble, notes] = [await spawn(tab, 'trouble'), await spawn(tab, 'notes')]
  for (const method of ['trap', 'late_trap', 'fail7']) {
    const stream = await open(await addressOf(tab, method, trouble))
    expect(await outcomeOf(ask(stream, 'x')), method).toBe('StreamResetError')
  }
  const stream = await open(await addressOf(tab, 'go_take', notes))
  const begun = stream[Symbol.asyncIterator]()
  stream.send(new TextEncoder().encode('a part of a message'))
  await begun.next()
  stream.abort(new Error('enough'))
  await expect.poll(() => isIdle(tab, notes)).toBe(true)
  expect((await call(tab, await addressOf(tab, 'taken', notes))).text).toMatch(/^broken /)
})

test('a tab that pauses in the middle of a reply of 24 MiB holds the peer, and then reads the rest', async ({
  tab,
}) => {
  const bytes = 24 * 1024 * 1024
  const callee = await createLibp2p({
    transports: [webSockets()],
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  const address = `/ww/0.1.0/${callee.peerId.toString()}/${NO_PID}/large`
  let sent = 0
  await callee.handle(address, async (stream) => {
    for (; sent < bytes; sent += CHUNK.length) {
      if (!stream.send(CHUNK)) await new Promise((drained) => stream.addEventListener('drain', drained, { once: true }))
    }
    await stream.close()
  })
  const half = await tab.evaluate(
    async ([peer, method, enough]) => {
      await glia.connect(peer)
      const stream = await glia.open(method)
      await stream.closeWrite()
      let read = 0
      while (read < enough) read += (await stream.read())?.length ?? enough
      Object.assign(globalThis, { paused: stream })
      return read
    },
    [String(callee.getMultiaddrs()[0]), address, bytes / 3] as const,
  )
  // The peer has sent as much as the windows take, and waits.
  let before = -1
  await expect.poll(() => before === (before = sent), { intervals: [1000] }).toBe(true)
  expect(sent).toBeLessThan(bytes)
  const rest = await tab.evaluate(async () => {
    const { paused } = globalThis as unknown as { paused: Awaited<ReturnType<typeof glia.open>> }
    let read = 0
    for (let piece = await paused.read(); piece !== null; piece = await paused.read()) read += piece.length
    return read
  })
  expect(half + rest).toBe(bytes)
  await callee.stop()
})

test("README's example in JavaScript prints the reply, and fails when the connection is lost in its middle", async ({
  server,
}) => {
  // The folder in which its imports are found.
  const folder = await mkdtemp(join(ROOT, 'node_modules/.cache/example-'))
  await writeFile(join(folder, 'call.mjs'), await readmeExample('js'))
  await writeFile(join(folder, 'polyfill.mjs'), POLYFILL)
  const args = ['--import', join(folder, 'polyfill.mjs'), join(folder, 'call.mjs')]
  const command = run(process.execPath, [...args, await tcpOf(server), await rootEcho(server)])
  command.stdin.end('hello')
  expect(await finished(command)).toEqual({ code: 0, stdout: 'hello', stderr: '' })

  const relay = await startRelay()
  const cut = run(process.execPath, [...args, await tcpOf(relay), await rootEcho(relay)])
  const result = finished(cut)
  cut.stdin.write('hello')
  await once(cut.stdout, 'data')
  await relay.kill()
  cut.stdin.end()
  expect(await result).toMatchObject({ code: 1, stderr: expect.stringContaining('before the reply ended') })
  await rm(folder, { recursive: true })
})
