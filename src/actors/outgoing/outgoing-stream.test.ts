import { describe, expect, test } from 'vitest'
import type { Address } from '../../glia/address.ts'
import { NO_CONTEXT } from '../../glia/call-context.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { newPid } from '../../glia/pid.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { acceptStreams } from '../../glia/stream/stream.acceptance.ts'
import { addressOf, bytes, text } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { Backlog, OutgoingDuplex } from './outgoing-duplex.ts'
import { OutgoingStream } from './outgoing-stream.ts'
import { BROKEN, Ring } from '../carrier/ring.ts'
import { CALL_RING_BYTES, RingCarrier } from '../carrier/ring-carrier.ts'

/** A guest's use of the rings of a call, without blocking the thread of the test. */
class TestGuest {
  readonly request = Ring.allocate(CALL_RING_BYTES)
  readonly reply = Ring.allocate(CALL_RING_BYTES)
  readonly server: OutgoingStream
  /** The exit of the method's program. */
  exit: GliaError | undefined

  constructor(address: Address, backlogBytes: number) {
    this.server = new OutgoingStream({
      address,
      caller: 'browser',
      carrier: new RingCarrier(this.request, this.reply),
      context: NO_CONTEXT,
      backlog: new Backlog(backlogBytes),
      exited: (exit) => (this.exit = exit),
    })
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const sequence = this.reply.readerSequence
      const chunk = this.reply.take()
      if (chunk) return chunk
      if (this.reply.finished) {
        this.#throwIfFailed()
        return null
      }
      await this.reply.readerChanged(sequence)
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const sequence = this.request.writerSequence
      const count = this.request.put(chunk.subarray(done))
      if (count === BROKEN) {
        this.#throwIfFailed()
        throw new GliaError('ERR_NO_READER', 'EPIPE')
      }
      if (count === 0) await this.request.writerChanged(sequence)
      else done += count
    }
  }

  /** A guest gets an errno. The log has the reason. */
  #throwIfFailed(): void {
    this.server.signal.throwIfAborted()
    if (new RingCarrier(this.reply, this.request).endErrno > 0)
      throw this.exit ?? new Error('There is an errno behind the reply, and no exit.')
  }
}

/** A call and its guest, as the Stream of a caller. */
function openCall(backlogBytes = 0): [caller: Stream, server: Stream] {
  const address = addressOf(newPid())
  const guest = new TestGuest(address, backlogBytes)
  const { server } = guest
  const { protocol, destination, procId, methodName, context, signal } = server
  const closeRead = async (): Promise<void> => guest.reply.cancel()
  const closeWrite = async (): Promise<void> => guest.request.end()
  const caller: Stream = {
    protocol,
    destination,
    procId,
    methodName,
    caller: 'browser',
    context,
    signal,
    read: async () => (guest.reply.broken && !signal.aborted ? null : guest.read()),
    write: (chunk) => guest.write(chunk),
    get exit() {
      return guest.exit?.accepted ? guest.exit : undefined
    },
    closeRead,
    closeWrite,
    close: async () => {
      await closeRead()
      await closeWrite()
    },
    abort: (reason) => server.abort(toGliaError(reason)),
  }
  return [caller, server]
}

acceptStreams('a file that a guest has opened', { open: async () => openCall() })

test('a guest that breaks off in the middle of its request has not ended it, also before the port has told', async () => {
  const { request, server } = new TestGuest(addressOf(newPid()), 0)
  request.put(bytes('half'))
  expect(await server.read()).toEqual(bytes('half'))
  const rest = server.read()
  request.abort()
  // The page wakes, and has to wait for the reason.
  await Promise.race([rest, new Promise((resolve) => setTimeout(resolve))])
  server.abort(new GliaError('ERR_ABORTED', 'closed'))
  await expect(rest).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})

test('a request that ends just after it was found open is read to its end', async () => {
  const [request, reply] = [Ring.allocate(8), Ring.allocate(8)]
  class EndsMeanwhile extends RingCarrier {
    override get ended(): boolean {
      return then(super.ended)
    }
    override get finished(): boolean {
      return then(super.finished)
    }
  }
  const then = (was: boolean): boolean => {
    request.end()
    return was
  }
  expect(await new OutgoingDuplex(new EndsMeanwhile(request, reply), new Backlog(0)).read()).toBeNull()
})

describe('a guest that writes before it reads', () => {
  test('gets a long reply that came meanwhile', async () => {
    const [caller, server] = openCall(1_000_000)
    const reply = Uint8Array.from({ length: 900_000 }, (_, i) => i * 7)
    for (let at = 0; at < reply.length; at += 100_000) await server.write(reply.subarray(at, at + 100_000))
    await server.closeWrite()
    await caller.closeWrite()
    expect(Buffer.compare(await readAll(caller), reply)).toBe(0)
  })

  test('gets what is beyond the backlog when it reads', async () => {
    const [caller, server] = openCall(100_000)
    const answered = (async () => {
      for (let i = 0; i < 20; i++) await server.write(new Uint8Array(50_000))
      await server.closeWrite()
    })()
    expect((await readAll(caller)).length).toBe(1_000_000)
    await answered
  })

  test('leaves the room to others that it no longer takes', async () => {
    const backlog = new Backlog(100)
    const open = (): [Ring, OutgoingStream] => {
      const [request, reply] = [Ring.allocate(8), Ring.allocate(8)]
      return [
        reply,
        new OutgoingStream({
          address: addressOf(newPid()),
          caller: 'browser',
          context: NO_CONTEXT,
          carrier: new RingCarrier(request, reply),
          backlog,
          exited: () => undefined,
        }),
      ]
    }
    const [reply, first] = open()
    const [, second] = open()
    await first.write(new Uint8Array(108))
    const held = second.write(new Uint8Array(9))
    expect(backlog.take(1)).toBe(false)
    reply.take()
    await expect.poll(() => backlog.take(8)).toBe(true)
    second.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(held).rejects.toThrow('enough')
    first.abort(new GliaError('ERR_ABORTED', 'enough'))
    expect(backlog.take(92)).toBe(true)
  })
})

test('a guest that ends its request without writing has sent an empty one', async () => {
  const [caller, server] = openCall()
  await caller.closeWrite()
  expect(await server.read()).toBeNull()
  await server.write(bytes('reply'))
  await server.close()
  expect(text(await readAll(caller))).toBe('reply')
})
