import type { Libp2p, Stream as Libp2pStream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { type ErrorCode, GliaError } from '../../glia/errors.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { rawServer } from '../test-raw.ts'

// A write that waits until a native peer reads ends with the stream, however the stream ends.

const server = await rawServer()
const REPLY_BYTES = 8 * 1024 * 1024

interface HeldReply {
  client: Libp2p
  native: Libp2pStream
  served: Stream
  /** The write of the reply. */
  held: Promise<void>
}

/** A call whose reply the client does not read, and the write that waits for the client. */
async function heldReply(): Promise<HeldReply> {
  const { client, connection } = await server.connect()
  const { native, served } = await server.call(connection)
  native.pause()
  await native.close()
  expect(await served.read()).toBeNull()
  const held = served.write(new Uint8Array(REPLY_BYTES))
  held.catch(() => undefined)
  // The first window has arrived, so the write waits for more room.
  await expect.poll(() => native.readBufferLength).toBeGreaterThan(200_000)
  return { client, native, served, held }
}

function abortConnections(node: Libp2p): void {
  for (const connection of node.getConnections()) connection.abort(new Error('gone'))
}

test.each<[string, ErrorCode, (call: HeldReply) => void]>([
  ['its process gives up', 'ERR_DEADLINE', ({ served }) => served.abort(new GliaError('ERR_DEADLINE', 'late'))],
  ['the peer resets it', 'ERR_RESET', ({ native }) => native.abort(new Error('enough'))],
  ['the peer goes away', 'ERR_RESET', ({ client }) => abortConnections(client)],
  ['the connection is ended here', 'ERR_UNREACHABLE', () => abortConnections(server.libp2p)],
])('a write that waits for a peer to read ends when %s', async (_, code, end) => {
  const call = await heldReply()
  end(call)
  await expect(call.held).rejects.toMatchObject({ code })
  await expect(call.served.write(Uint8Array.of(1))).rejects.toMatchObject({ code })
})

test('a write goes on when the peer reads again, and all of it arrives', async () => {
  const { native, served, held } = await heldReply()
  let received = 0
  native.addEventListener('message', ({ data }) => (received += data.byteLength))
  native.resume()
  await held
  await served.closeWrite()
  await expect.poll(() => received).toBe(REPLY_BYTES)
})
