import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { threadScript } from '../../build/test-thread.ts'
import { BROKEN, Ring } from './ring.ts'

/** The two sides of one ring, each with its own view of the memory. */
function makeRing(bytes = 8): { writer: Ring; reader: Ring } {
  const writer = Ring.allocate(bytes)
  return { writer, reader: new Ring(writer.buffer) }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (chunk: Uint8Array | undefined): string | undefined => chunk && new TextDecoder().decode(chunk)

describe('a ring in one thread', () => {
  test('gives out what was put in', () => {
    const { writer, reader } = makeRing()
    expect(reader.take()).toBeUndefined()
    expect(writer.put(bytes('abc'))).toBe(3)
    expect(writer.put(bytes('de'))).toBe(2)
    expect(reader.available).toBe(5)
    expect(text(reader.take())).toBe('abcde')
    expect(reader.available).toBe(0)
  })

  test('is a mapping of its own in Node, which goes back to the system', () => {
    const { buffer } = Ring.allocate(8)
    expect(buffer).toMatchObject({ growable: true, byteLength: buffer.maxByteLength })
  })

  test('takes as much as there is room for', () => {
    const { writer, reader } = makeRing()
    expect(writer.put(bytes('0123456789'))).toBe(8)
    expect(writer.put(bytes('x'))).toBe(0)
    const target = new Uint8Array(3)
    expect(reader.takeInto(target)).toBe(3)
    expect(text(target)).toBe('012')
    expect(writer.put(bytes('abcdef'))).toBe(3)
    expect(text(reader.take())).toBe('34567abc')
  })

  test('keeps the bytes in order where it wraps around, at every offset', () => {
    const { writer, reader } = makeRing()
    let next = 0
    let expected = 0
    for (let size = 1; size <= 8; size++) {
      for (let round = 0; round < 9; round++) {
        writer.put(Uint8Array.from({ length: size }, () => next++))
        for (const byte of reader.take() ?? []) expect(byte).toBe(expected++ & 255)
      }
    }
    expect(expected).toBe(next)
  })

  test('goes on where its counters pass 2³¹ bytes', () => {
    const { writer, reader } = makeRing()
    const [written, read] = [0, 1]
    const words = new Int32Array(writer.buffer)
    words[written] = words[read] = 2 ** 31 - 4
    expect(writer.put(bytes('abcdefgh'))).toBe(8)
    expect(reader.available).toBe(8)
    expect(writer.put(bytes('x'))).toBe(0)
    expect(text(reader.take())).toBe('abcdefgh')
  })

  test('is never fuller than full or emptier than empty, whatever its counters say', () => {
    const { writer, reader } = makeRing()
    const words = new Int32Array(writer.buffer)
    for (const [written, available] of [
      [2 ** 31 - 1, 8],
      [-5, 0],
    ] as const) {
      words[0] = written
      expect(reader.available).toBe(available)
      expect(reader.take()?.length).toBe(available || undefined)
      words[1] = 0
    }
    expect(writer.put(bytes('0123456789'))).toBe(8)
  })

  test('is a power of two of bytes, for the mask', () => {
    expect(() => Ring.allocate(12)).toThrow(RangeError)
  })

  test('ends after what is in it was read', () => {
    const { writer, reader } = makeRing()
    writer.put(bytes('ab'))
    writer.end()
    expect(reader.finished).toBe(false)
    expect(writer.put(bytes('c'))).toBe(BROKEN)
    const target = new Uint8Array(8)
    expect(reader.readBlocking(target)).toBe(2)
    expect(reader.finished).toBe(true)
    expect(reader.readBlocking(target)).toBe(0)
    expect(reader.readBlocking(target)).toBe(0)
    expect(reader.broken).toBe(false)
  })

  test('takes no more once its reader has gone', () => {
    const { writer, reader } = makeRing()
    reader.cancel()
    expect(writer.put(bytes('a'))).toBe(BROKEN)
    expect(writer.writeBlocking(bytes('a'))).toBe(BROKEN)
    expect([reader.cancelled, reader.aborted]).toEqual([true, false])
  })

  test('whose reader has gone is not read again, though it is full or was ended', () => {
    const { writer, reader } = makeRing()
    writer.put(bytes('ab'))
    writer.end()
    reader.cancel()
    expect(reader.readBlocking(new Uint8Array(8))).toBe(BROKEN)
    expect(reader.cancelled).toBe(true)
  })

  test('stays broken off for both sides when its reader goes too', () => {
    const { writer, reader } = makeRing()
    reader.cancel()
    writer.abort()
    reader.cancel()
    expect([writer.cancelled, writer.aborted]).toEqual([false, true])
  })

  test('that is broken off gives no more, not even what was in it', () => {
    const { writer, reader } = makeRing()
    writer.put(bytes('ab'))
    writer.abort()
    writer.end()
    expect(reader.readBlocking(new Uint8Array(8))).toBe(BROKEN)
    expect(reader.take()).toBeUndefined()
    expect(writer.put(bytes('c'))).toBe(BROKEN)
    expect([reader.broken, reader.finished]).toEqual([true, true])
  })

  test('that is broken off just after it was found empty has not ended well', () => {
    class BrokenMeanwhile extends Ring {
      override takeInto(target: Uint8Array): number {
        const count = super.takeInto(target)
        this.abort()
        return count
      }
    }
    expect(new BrokenMeanwhile(Ring.allocate(8).buffer).readBlocking(new Uint8Array(8))).toBe(BROKEN)
  })

  test('is as new after a reset', () => {
    const { writer, reader } = makeRing()
    writer.put(bytes('old'))
    writer.abort()
    writer.reset()
    expect([reader.available, reader.broken]).toEqual([0, false])
    writer.put(bytes('new'))
    expect(text(reader.take())).toBe('new')
  })
})

describe('who waits for a ring', () => {
  test.each<[string, (ring: Ring) => void]>([
    ['bytes', (ring) => ring.put(bytes('a'))],
    ['the end', (ring) => ring.end()],
    ['a break', (ring) => ring.abort()],
    ['being woken', (ring) => ring.wake()],
  ])('as its reader hears of %s', async (_, change) => {
    const { writer, reader } = makeRing()
    const changed = reader.readerChanged(reader.readerSequence)
    expect(changed).toBeInstanceOf(Promise)
    change(writer)
    expect(await changed).toBe('ok')
  })

  test.each<[string, (ring: Ring) => void]>([
    ['room', (ring) => ring.take()],
    ['its reader having gone', (ring) => ring.cancel()],
    ['a break', (ring) => ring.abort()],
  ])('as its writer hears of %s', async (_, change) => {
    const { writer, reader } = makeRing()
    writer.put(bytes('12345678'))
    const changed = writer.writerChanged(writer.writerSequence)
    expect(changed).toBeInstanceOf(Promise)
    change(reader)
    expect(await changed).toBe('ok')
  })

  test('does not wait for what came since it looked', () => {
    const { writer, reader } = makeRing()
    const seen = reader.readerSequence
    writer.end()
    expect(reader.readerChanged(seen)).toBeUndefined()
  })

  test('for a time goes on when that is over, and not at all when it is ready', () => {
    const { reader } = makeRing()
    const started = performance.now()
    reader.waitUntil(() => false, 20)
    expect(performance.now() - started).toBeGreaterThanOrEqual(19)
    reader.waitUntil(() => true, Infinity)
    reader.waitUntil(() => false, 0)
  })
})

describe('a ring between two threads', () => {
  /** Reads one ring into another, blocking as a guest does, with buffers that do not fit the ring's size. */
  const ECHO = `
    const { parentPort, workerData } = require('node:worker_threads')
    const stdin = new exports.Ring(workerData.stdin)
    const stdout = new exports.Ring(workerData.stdout)
    const buffer = new Uint8Array(70001)
    let count = stdin.readBlocking(buffer)
    while (count > 0 && stdout.writeBlocking(buffer.subarray(0, count)) === count) count = stdin.readBlocking(buffer)
    stdout.end()
    parentPort.postMessage(count)`

  /** Waits for either of two rings, and says which has bytes. */
  const WAIT = `
    const { parentPort, workerData } = require('node:worker_threads')
    const stdin = new exports.Ring(workerData.stdin)
    const other = new exports.Ring(workerData.stdout)
    parentPort.postMessage('waiting')
    stdin.waitUntil(() => stdin.available > 0 || other.available > 0, Infinity)
    parentPort.postMessage([stdin.available, other.available])`

  async function startThread(script: string, stdin: Ring, stdout: Ring): Promise<Worker> {
    return new Worker(await threadScript(new URL('ring.ts', import.meta.url), script), {
      eval: true,
      workerData: { stdin: stdin.buffer, stdout: stdout.buffer },
    })
  }

  test('shows whether its reader has read all and waits', async () => {
    const [stdin, stdout] = [Ring.allocate(), Ring.allocate()]
    expect(stdin.awaited).toBe(false)
    const { lastRead } = await startEcho(stdin, stdout)
    await expect.poll(() => stdin.awaited).toBe(true)
    // Loaded before the other thread may answer.
    const sequence = stdout.readerSequence
    await writeAll(stdin, bytes('abc'))
    await stdout.readerChanged(sequence)
    expect(stdout.available).toBe(3)
    await expect.poll(() => stdin.awaited).toBe(true)
    stdin.end()
    await lastRead
    expect(stdin.awaited).toBe(false)
  })

  /** What the other thread's last read gave, once it has ended. */
  async function startEcho(stdin: Ring, stdout: Ring): Promise<{ lastRead: Promise<unknown> }> {
    const worker = await startThread(ECHO, stdin, stdout)
    return { lastRead: once(worker, 'message').then(([count]: unknown[]) => count) }
  }

  async function writeAll(ring: Ring, chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const sequence = ring.writerSequence
      const count = ring.put(chunk.subarray(done))
      if (count === BROKEN) throw new Error('The ring is broken.')
      if (count === 0) await ring.writerChanged(sequence)
      done += count
    }
  }

  async function readAll(ring: Ring): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for (;;) {
      const sequence = ring.readerSequence
      const chunk = ring.take()
      if (chunk) chunks.push(chunk)
      else if (ring.finished) return Buffer.concat(chunks)
      else await ring.readerChanged(sequence)
    }
  }

  test('carries 8 MiB there and back, byte for byte', async () => {
    const [stdin, stdout] = [Ring.allocate(), Ring.allocate()]
    const { lastRead } = await startEcho(stdin, stdout)
    const message = new Uint8Array(8 * 1024 * 1024)
    for (let i = 0; i < message.length; i++) message[i] = (i * 2_654_435_761) >>> 24
    const reply = readAll(stdout)
    await writeAll(stdin, message)
    stdin.end()
    expect(Buffer.compare(await reply, message)).toBe(0)
    expect(await lastRead).toBe(0)
  })

  test('tells a thread that blocks in a read that it was broken off', async () => {
    const [stdin, stdout] = [Ring.allocate(), Ring.allocate()]
    const { lastRead } = await startEcho(stdin, stdout)
    await writeAll(stdin, bytes('ping'))
    await stdout.readerChanged(stdout.readerSequence)
    expect(text(stdout.take())).toBe('ping')
    stdin.abort()
    expect(await lastRead).toBe(BROKEN)
  })

  test.each(['the ring that it sleeps on', 'another'])(
    'wakes one that waits for several: %s has bytes',
    async (which) => {
      const [stdin, other] = [Ring.allocate(), Ring.allocate()]
      const worker = await startThread(WAIT, stdin, other)
      await once(worker, 'message')
      // A change of something else that it does not wait for.
      stdin.nudge()
      const ring = which === 'another' ? other : stdin
      ring.put(bytes('abc'))
      stdin.nudge()
      expect(await once(worker, 'message')).toEqual([ring === stdin ? [3, 0] : [0, 3]])
    },
  )
})
