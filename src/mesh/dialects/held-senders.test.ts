import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import type { Stream as Libp2pStream } from '@libp2p/interface'
import { afterAll, expect, test } from 'vitest'
import { readAll } from '../../glia/stream/web-streams.ts'
import { Incoming } from './incoming.ts'
import { MAX_UNHELD_STREAM_BYTES } from '../limits.ts'
import { rawServer } from '../test-raw.ts'

// A native peer that sends faster than a process reads is held, and never reset.

const server = await rawServer()
const MESSAGE_BYTES = 12 * 1024 * 1024
/** libp2p resets a stream with more unread bytes than this. */
const RESET_BYTES = 4 * 1024 * 1024

/** Sends a message in frames of 16 KiB, as fast as the stream takes them, and counts the bytes. */
function sendFast(native: Libp2pStream, bytes: number): { sent: number; done: Promise<void> } {
  const chunk = new Uint8Array(16 * 1024)
  const sending = { sent: 0, done: Promise.resolve() }
  sending.done = (async () => {
    while (sending.sent < bytes) {
      sending.sent += chunk.length
      if (!native.send(chunk)) await new Promise((resolve) => native.addEventListener('drain', resolve, { once: true }))
    }
    await native.close()
  })()
  sending.done.catch(() => undefined)
  return sending
}

/** Resolves when a sender has sent nothing for some rounds. */
async function untilHeld(sending: { sent: number }): Promise<void> {
  for (let last = -1, same = 0; same < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 15))
    same = sending.sent === last ? same + 1 : 0
    last = sending.sent
  }
}

// To a peer far away yamux gives windows of up to 1 MiB instead of 256 KiB.
test.each([0, 20])('a sender %i ms away is held each time its reader pauses, and all arrives', async (delayMs) => {
  const { connection } = await server.connect({ way: (port) => farPort(port, delayMs) })
  const { native, served } = await server.call(connection)
  const sending = sendFast(native, MESSAGE_BYTES)
  let read = 0
  let nextPause = 0
  for (let piece = await served.read(); piece !== null; piece = await served.read()) {
    read += piece.length
    if (read < nextPause || read > MESSAGE_BYTES / 4) continue
    await untilHeld(sending)
    expect(sending.sent - read).toBeLessThan(RESET_BYTES)
    // Enough for the sender to go on. Then it has to be held again.
    nextPause = read + 192 * 1024
  }
  expect(read).toBe(MESSAGE_BYTES)
})

test('what a sender has sent before it went away can be read to its end', async () => {
  const { client, connection } = await server.connect()
  const { native, served } = await server.call(connection)
  native.send(new Uint8Array(600 * 1024))
  await served.closeWrite()
  const first = await served.read()
  await native.close()
  await client.stop()
  expect((first?.length ?? 0) + (await readAll(served)).length).toBe(600 * 1024)
})

/**
 * A call over a stream whose sender nothing can hold, as over WebRTC. The test fakes the data channel that shows this.
 */
async function unheldCall(): Promise<{ native: Libp2pStream; incoming: Incoming }> {
  const { connection } = await server.connect()
  const arrived = Promise.withResolvers<Incoming>()
  await server.libp2p.handle(
    '/unheld',
    (stream) => {
      Object.assign(stream, { channel: { readyState: 'open' } })
      arrived.resolve(new Incoming({ stream, remote: connection.remotePeer.toString() }))
    },
    { force: true },
  )
  return { native: await connection.newStream('/unheld'), incoming: await arrived.promise }
}

test('where nothing can hold a sender, 24 MiB wait for a reader that pauses', async () => {
  const { native, incoming } = await unheldCall()
  await sendFast(native, 24 * 1024 * 1024).done
  expect((await readAll(incoming)).length).toBe(24 * 1024 * 1024)
})

test('where nothing can hold a sender, one that sends too much is told so, and takes the memory of nobody else', async () => {
  for (let i = 0; i < 4; i++) {
    const { native, incoming } = await unheldCall()
    const closed = new Promise((resolve) => native.addEventListener('close', ({ error }) => resolve(error?.name)))
    sendFast(native, MAX_UNHELD_STREAM_BYTES + MESSAGE_BYTES)
    expect(await closed).toBe('StreamResetError')
    await expect(incoming.read()).rejects.toMatchObject({
      code: 'ERR_RESET',
      message: expect.stringContaining('sends faster than it is read') as unknown,
    })
  }
})

/** Opens a port that leads to another port of this machine and delays each byte. It is closed after the tests. */
async function farPort(port: number, delayMs: number): Promise<number> {
  const sockets = new Set<Socket>()
  const door = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      // The other side of the pair ends with it.
      socket.on('error', () => undefined)
      socket.on('close', () => [near, far].forEach((each) => each.destroy()))
    }
    near.pipe(late(delayMs)).pipe(far)
    far.pipe(late(delayMs)).pipe(near)
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    door.close()
    for (const socket of sockets) socket.destroy()
  })
  return (door.address() as AddressInfo).port
}

/** Passes each piece on after a delay. Pieces do not wait for each other: the line is long, not narrow. */
function late(delayMs: number): Transform {
  return new Transform({
    transform(piece, _encoding, done) {
      setTimeout(() => this.push(piece), delayMs)
      done()
    },
    flush(done) {
      setTimeout(done, delayMs)
    },
  })
}
