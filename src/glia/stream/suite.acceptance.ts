import type * as Vitest from 'vitest'
import { type ErrorCode, GliaError } from '../errors.ts'
import type { Stream } from './stream.ts'
import { readAll } from './web-streams.ts'

export interface StreamCase {
  /** Opens a call. Resolves when its serving end is there. */
  open(): Promise<[caller: Stream, server: Stream]>
  /**
   * Whether the transport carries only whole calls, as HTTP does: the end of the reply, or of the wish for it, ends the
   * request too.
   */
  endsWithReply?: boolean
  /**
   * Whether the transport has only half close and reset, as a bare libp2p stream: an error arrives as ERR_RESET, and
   * nobody learns that the other side reads no more.
   */
  bare?: boolean
  /** Gives everything that carries the stream time for a step. Left out: a turn of the event loop. */
  turn?(): Promise<void>
}

type Turn = () => Promise<void>

const CHUNK_BYTES = 64 * 1024
/** More than any stream may hold unread on its whole way. */
const FAR_TOO_MUCH_BYTES = 8 * 1024 * 1024

/** The functions of vitest that the suite uses. It imports none itself: whoever runs it hands in their own. */
export interface TestFunctions {
  describe: object
  expect: object
  test: object
}

/**
 * Declares the tests that every implementation of {@link Stream} must pass.
 * @param name What carries the stream, for the names of the tests.
 * @param functions `describe`, `expect` and `test` of vitest, version 4 or later.
 */
export function acceptStreams(name: string, init: StreamCase, functions: TestFunctions): void {
  const { describe, expect, test } = functions as Pick<typeof Vitest, keyof TestFunctions>
  const { open, endsWithReply = false, bare = false, turn = nextTurn } = init
  /** The code that arrives at the other side for an error. */
  const arrivesAs = (code: ErrorCode): ErrorCode => (bare ? 'ERR_RESET' : code)

  describe(`The stream, as ${name}`, () => {
    test('both ends say what the call is for', async () => {
      const [caller, server] = await open()
      const { protocol, destination, procId, methodName } = server
      expect(protocol).toBe(`/ww/0.1.0/${destination}/${procId}/${methodName}`)
      expect(caller).toMatchObject({ protocol, destination, procId, methodName })
    })

    describe.each([
      ['request', (ends: [Stream, Stream]) => ends],
      ['reply', ([caller, server]: [Stream, Stream]): [Stream, Stream] => [server, caller]],
    ] as const)('the %s', (_, order) => {
      test('arrives in order, whatever the sizes of its writes', async () => {
        const [writer, reader] = order(await open())
        const chunks = [1, 0, 3, CHUNK_BYTES, 1, 300_000, 0, 1].map(pattern)
        const arrived = readAll(reader)
        for (const chunk of chunks) await writer.write(chunk)
        await writer.closeWrite()
        expect(Buffer.concat(chunks).equals(await arrived)).toBe(true)
      })

      test('arrives whole when it is written byte by byte', async () => {
        const [writer, reader] = order(await open())
        const arrived = readAll(reader)
        for (let i = 0; i < 500; i++) await writer.write(Uint8Array.of(i))
        await writer.closeWrite()
        expect([...(await arrived)]).toEqual(Array.from({ length: 500 }, (__, i) => i & 255))
      })

      test('arrives as it was sent when the reader has room for it, of whatever size', async () => {
        const [writer, reader] = order(await open())
        const sent = pattern(300_000)
        const room = new Uint8Array(70_000)
        const arrived = (async () => {
          const chunks: Uint8Array[] = []
          for (let size = 1; ; size = (size * 7) % room.length) {
            const chunk = await reader.read(room.subarray(0, size))
            if (!chunk) return Buffer.concat(chunks)
            expect(chunk.length).toBeGreaterThan(0)
            chunks.push(chunk.slice())
          }
        })()
        for (let at = 0; at < sent.length; at += 9_999) await writer.write(sent.subarray(at, at + 9_999))
        await writer.closeWrite()
        expect((await arrived).equals(sent)).toBe(true)
      })

      test('arrives also when the room for it is none, or was transferred away', async () => {
        const [writer, reader] = order(await open())
        const room = new Uint8Array(9)
        const read = reader.read(room)
        structuredClone(room, { transfer: [room.buffer] })
        await writer.write(Uint8Array.of(1))
        expect(await read).toEqual(Uint8Array.of(1))
        await writer.write(Uint8Array.of(2))
        expect(await reader.read(new Uint8Array())).toEqual(Uint8Array.of(2))
      })

      test('arrives while its writer has not ended', async () => {
        const [writer, reader] = order(await open())
        await writer.write(Uint8Array.of(7))
        expect(await reader.read()).toEqual(Uint8Array.of(7))
      })

      test('ends with null, for ever', async () => {
        const [writer, reader] = order(await open())
        await writer.write(Uint8Array.of(1))
        await writer.closeWrite()
        expect(await reader.read()).toEqual(Uint8Array.of(1))
        for (let i = 0; i < 3; i++) expect(await reader.read()).toBeNull()
      })

      test('is not ended or shown by a write of nothing', async () => {
        const [writer, reader] = order(await open())
        await writer.write(new Uint8Array())
        await writer.write(Uint8Array.of(9))
        expect(await reader.read()).toEqual(Uint8Array.of(9))
      })

      test('takes no more once its writer has ended it', async () => {
        const [writer] = order(await open())
        await writer.closeWrite()
        await expect(writer.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'ERR_NO_READER' })
      })

      test('holds a writer that is not read, and lets it go on when it is', async () => {
        const [writer, reader] = order(await open())
        const { held, sentBytes } = await writeUntilHeld(writer, turn)
        const arrived = readAll(reader)
        await held
        await writer.closeWrite()
        expect((await arrived).length).toBe(sentBytes)
      })

      test('rejects a read that waits and a write that is held when the call is aborted', async () => {
        const [writer, reader] = order(await open())
        const { held } = await writeUntilHeld(writer, turn)
        const both = Promise.allSettled([writer.read(), held])
        reader.abort(new GliaError('ERR_ABORTED', 'enough'))
        // The write may fail because nobody reads any more, before the reason arrives.
        const aborted = arrivesAs('ERR_ABORTED')
        const code: unknown = expect.stringMatching(
          endsWithReply ? /^ERR_(ABORTED|NO_READER)$/ : new RegExp(`^${aborted}$`),
        )
        expect(await both).toMatchObject([failed(aborted), failed(code)])
      })
    })

    test('the request ends, and the reply goes on', async () => {
      const [caller, server] = await open()
      await caller.closeWrite()
      expect(await server.read()).toBeNull()
      await server.write(Uint8Array.of(1))
      expect(await caller.read()).toEqual(Uint8Array.of(1))
      await server.closeWrite()
      expect(await caller.read()).toBeNull()
    })

    test.skipIf(endsWithReply)('the reply ends, and the request goes on', async () => {
      const [caller, server] = await open()
      await server.closeWrite()
      expect(await caller.read()).toBeNull()
      await caller.write(Uint8Array.of(1))
      expect(await server.read()).toEqual(Uint8Array.of(1))
    })

    test.runIf(endsWithReply)('the reply ends, and nobody takes the request any more', async () => {
      const [caller, server] = await open()
      await server.closeWrite()
      expect(await caller.read()).toBeNull()
      expect(await failureOfWrites(caller, turn)).toMatchObject({ code: 'ERR_NO_READER' })
    })

    test.skipIf(bare)(
      'a server that reads no more makes the writes of the caller fail, and its reply stands',
      async () => {
        const [caller, server] = await open()
        await caller.write(Uint8Array.of(1))
        await server.read()
        await server.closeRead()
        expect(await failureOfWrites(caller, turn)).toMatchObject({ code: 'ERR_NO_READER' })
        await server.write(Uint8Array.of(2))
        await server.closeWrite()
        expect([...(await readAll(caller))]).toEqual([2])
      },
    )

    test.skipIf(bare)('a caller that reads no more makes the writes of the server fail', async () => {
      const [caller, server] = await open()
      await server.write(Uint8Array.of(1))
      await caller.read()
      await caller.closeRead()
      const { code } = await failureOfWrites(server, turn)
      expect(code).toMatch(endsWithReply ? /^ERR_(ABORTED|NO_READER)$/ : /^ERR_NO_READER$/)
    })

    test('a closed end reads nothing more, and the other end reads the end', async () => {
      const [caller, server] = await open()
      await caller.close()
      expect(await caller.read()).toBeNull()
      expect(await server.read()).toBeNull()
    })

    test.skipIf(bare)('what is written to a closed end fails', async () => {
      const [caller, server] = await open()
      await caller.close()
      expect(await server.read()).toBeNull()
      expect(await failureOfWrites(server, turn)).toBeInstanceOf(GliaError)
    })

    test('closing and aborting again changes nothing', async () => {
      const [caller, server] = await open()
      for (let i = 0; i < 2; i++) {
        await server.closeWrite()
        await server.closeRead()
        await server.close()
      }
      expect(await caller.read()).toBeNull()
      caller.abort(new GliaError('ERR_ABORTED', 'first'))
      caller.abort(new GliaError('ERR_TRAPPED', 'second'))
      await caller.close()
      await expect(caller.read()).rejects.toThrow('first')
    })

    test('the error of a server reaches the caller with its code and its sentence', async () => {
      const [caller, server] = await open()
      server.abort(new GliaError('ERR_TRAPPED', 'run trapped: unreachable.'))
      const expected = bare ? { code: 'ERR_RESET' } : { code: 'ERR_TRAPPED', message: 'run trapped: unreachable.' }
      await expect(caller.read()).rejects.toMatchObject(expected)
      await expect(caller.write(Uint8Array.of(1))).rejects.toMatchObject(expected)
      expect(caller.signal.reason).toMatchObject(expected)
    })

    test('an error after a part of the reply does not look like its end', async () => {
      const [caller, server] = await open()
      await server.write(Uint8Array.of(1))
      expect(await caller.read()).toEqual(Uint8Array.of(1))
      server.abort(new GliaError('ERR_DEADLINE', 'too long'))
      await expect(caller.read()).rejects.toMatchObject({ code: arrivesAs('ERR_DEADLINE') })
    })

    test('a caller that gives up after its message has ended is seen by the server', async () => {
      const [caller, server] = await open()
      await caller.closeWrite()
      expect(await server.read()).toBeNull()
      caller.abort(new GliaError('ERR_ABORTED', 'The caller gave up.'))
      await expect.poll(() => server.signal.aborted).toBe(true)
      await expect(server.write(Uint8Array.of(1))).rejects.toMatchObject({ code: arrivesAs('ERR_ABORTED') })
    })

    test.each([
      ['all that its program wrote, and then the code with which it exited', undefined],
      ['its end after an exit code that the policy accepts', true],
    ] as const)('a reply can have %s', async (__, accepted) => {
      const [caller, server] = await open()
      // A transport without a place for it aborts instead.
      if (!server.closeWithExit) return
      const written = pattern(100_000)
      const sending = caller.write(new Uint8Array(10)).catch(() => undefined)
      const replied = server.write(written).then(() => {
        server.closeWithExit?.(new GliaError('ERR_EXITED', 'It exited with 3.', { exitCode: 3, accepted }))
        // A process does this after every message that was no failure. It must not take the exit code away.
        if (accepted) void server.close()
      })
      const arrived: Uint8Array[] = []
      const readAllOf = async (): Promise<unknown> => {
        for (let chunk = await caller.read(); chunk !== null; chunk = await caller.read()) arrived.push(chunk.slice())
        return caller.exit
      }
      // As an error, or as the end.
      const end = await readAllOf().catch((thrown: unknown) => thrown)
      const { code, exitCode } = (end ?? {}) as Partial<GliaError>
      const typed = { code: 'ERR_EXITED', exitCode: 3, accepted }
      const untyped = { code: accepted ? undefined : 'ERR_RESET' }
      expect({ code, exitCode, accepted: caller.exit?.accepted }).toEqual(bare ? untyped : typed)
      expect(Buffer.concat(arrived).equals(written)).toBe(true)
      await Promise.all([sending, replied])
    })

    test('a caller that gives up is seen by the server, reading, writing and by the signal', async () => {
      const [caller, server] = await open()
      const waiting = server.read()
      caller.abort(new GliaError('ERR_ABORTED', 'The caller gave up.'))
      await expect(waiting).rejects.toMatchObject({ code: arrivesAs('ERR_ABORTED') })
      await expect(server.write(Uint8Array.of(1))).rejects.toMatchObject({ code: arrivesAs('ERR_ABORTED') })
      expect(server.signal.reason).toBeInstanceOf(GliaError)
    })
  })
}

function failed(code: unknown): object {
  return { status: 'rejected', reason: { code } }
}

/** Writes until the stream takes no more. */
async function writeUntilHeld(stream: Stream, turn: Turn): Promise<{ held: Promise<void>; sentBytes: number }> {
  let sentBytes = 0
  while (sentBytes < FAR_TOO_MUCH_BYTES) {
    sentBytes += CHUNK_BYTES
    const held = stream.write(new Uint8Array(CHUNK_BYTES))
    if (!(await settlesSoon(held, turn))) return { held, sentBytes }
  }
  throw new Error(`The stream took ${sentBytes} bytes that nobody read.`)
}

/** Writes single bytes until a write fails, and gives the error. */
async function failureOfWrites(stream: Stream, turn: Turn): Promise<GliaError> {
  for (let i = 0; i < 1000; i++) {
    try {
      await stream.write(Uint8Array.of(i))
    } catch (thrown) {
      if (thrown instanceof GliaError) return thrown
      throw thrown
    }
    await turn()
  }
  throw new Error('The stream goes on taking writes.')
}

/** Whether a promise settles within some turns. Nothing here waits for anything slower. */
async function settlesSoon(promise: Promise<unknown>, turn: Turn): Promise<boolean> {
  let settled = false
  const note = (): void => void (settled = true)
  promise.then(note, note)
  for (let i = 0; i < 20 && !settled; i++) await turn()
  return settled
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255)
}
