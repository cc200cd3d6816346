import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, test } from 'vitest'
import { threadScript } from '../../../src/build/test-thread.ts'
import { BROKEN, RING_BYTES } from '../../../src/actors/carrier/ring.ts'
import { Lane } from '../../../src/actors/worker/lane.ts'
import { RingWire } from '../../../src/actors/worker/ring-wire.ts'
import { GliaError } from '../../../src/glia/errors.ts'
import { acceptStreams } from '../../../src/glia/stream/stream.acceptance.ts'
import { bytes, send } from '../../../src/glia/test-peer.ts'
import { readAll } from '../../../src/glia/stream/web-streams.ts'
import type { Outcome } from './instance.ts'
import { OUTCOMES, TestCalls, type TestGuest } from './test-calls.ts'

/**
 * In each thread: the worker's side of the rings. One thread runs the messages, in whose method it sleeps until it is
 * told how the method ends. The suite reads and writes at the same time, so another thread reads for it, and one more
 * writes.
 */
const THREAD = `
  const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads')
  const { channel, role, done } = workerData
  const server = new exports.RingServer(channel)
  const calls = {
    read() {
      const target = new Uint8Array(64 * 1024)
      const count = server.stdio.call.read(target)
      return count < 0 ? count : target.slice(0, count)
    },
    write: (chunk) => server.stdio.call.write(chunk),
    closeRead: () => server.stdio.call.stop(),
    closeWrite: () => server.stdio.call.end(),
    wait: () => server.stdio.waitFor(() => server.stdio.call.failed, Infinity),
  }
  parentPort.on('message', ({ call, chunk }) => {
    parentPort.postMessage(calls[call](chunk))
    Atomics.add(done, 0, 1)
    Atomics.notify(done, 0)
  })
  if (role === 'method') {
    const run = () => {
      parentPort.postMessage('entered')
      Atomics.wait(done, 0, 0)
      Atomics.store(done, 0, 0)
      return receiveMessageOnPort(parentPort).message
    }
    const serve = async () => {
      for (;;) await server.serve({ run })
    }
    serve().catch((error) => {
      if (error.code !== 'ERR_PROC_STOPPED') throw error
    })
  }`

const script = await threadScript(new URL('ring-server.ts', import.meta.url), THREAD)

/** Words of a ring's header in which a thread sleeps. */
const [READER_SEQ, WRITER_SEQ] = [3, 4]
/** Longest time that a thread may take for something possible, in ms. */
const STUCK_MS = 10_000

/** A thread with the worker's side of the rings. */
class Thread {
  readonly #worker: Worker
  /** Number of calls that it has done. */
  readonly #done = new Int32Array(new SharedArrayBuffer(4))
  readonly #answers: ((answer: unknown) => void)[] = []
  #asked = 0

  constructor(role: 'method' | 'reads' | 'writes') {
    const workerData = { channel: wire.channel, role, done: this.#done }
    this.#worker = new Worker(script, { eval: true, workerData })
    this.#worker.on('message', (answer: unknown) => this.#answers.shift()?.(answer))
  }

  /** Its next answer. */
  answer(): Promise<unknown> {
    return new Promise((resolve) => this.#answers.push(resolve))
  }

  /** Makes it do a call. Resolves with the result. */
  ask(call: string, chunk?: Uint8Array): Promise<unknown> {
    this.#asked += 1
    this.#worker.postMessage({ call, chunk })
    return this.answer()
  }

  /** Ends the method that it sleeps in. */
  endMethod(outcome: Outcome): void {
    this.#worker.postMessage(outcome)
    Atomics.store(this.#done, 0, 1)
    Atomics.notify(this.#done, 0)
  }

  /** Blocks until it has done its work, or sleeps in the ring and so waits for the page. */
  settle(ring: SharedArrayBuffer, word: number): void {
    const until = performance.now() + STUCK_MS
    for (;;) {
      const done = Atomics.load(this.#done, 0)
      // Waking it is the way to learn that it sleeps: it looks, and goes to sleep again.
      if (done === this.#asked || Atomics.notify(new Int32Array(ring), word) > 0) return
      if (performance.now() > until) throw new Error('A thread of the guest is stuck.')
      Atomics.wait(this.#done, 0, done, 1)
    }
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}

const wire = new RingWire({ onStderr: () => undefined, broken: () => undefined })
const rings = wire.channel
const lane = new Lane(wire)
const [method, reads, writes] = [new Thread('method'), new Thread('reads'), new Thread('writes')]

const guest: TestGuest = {
  entered: async () => void (await method.answer()),
  async read() {
    const answer = await reads.ask('read')
    return answer instanceof Uint8Array ? answer : BROKEN
  },
  write: async (chunk) => Number(await writes.ask('write', chunk)),
  closeRead: async () => void (await reads.ask('closeRead')),
  closeWrite: async () => void (await writes.ask('closeWrite')),
  // Aborting a message breaks the rings off at once.
  over: async ({ signal }) => {
    if (!signal.aborted) await once(signal, 'abort')
  },
  end: (how) => method.endMethod(OUTCOMES[how]),
}
const calls = new TestCalls(lane, guest)

afterAll(async () => {
  await calls.end()
  lane.close(new Error('The tests are over.'))
  await Promise.all([method, reads, writes].map((thread) => thread.stop()))
})

/** A turn of this thread, and everything that the others can do until they have to wait for it. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  reads.settle(rings.stdin, READER_SEQ)
  writes.settle(rings.stdout, WRITER_SEQ)
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn()
}

acceptStreams('the worker ring', { open: () => calls.open(), turn })

test('a reply goes from the ring into the room of a reader that waits, and no byte beyond it', async () => {
  const [caller, server] = await calls.open()
  const room = new Uint8Array(8)
  const read = caller.read(room.subarray(2, 6))
  await server.write(bytes('abcdef'))
  expect((await read)?.buffer).toBe(room.buffer)
  expect(room).toEqual(bytes('\0\0abcd\0\0'))
  expect(await caller.read(room)).toEqual(bytes('ef'))
})

describe('a guest that closes its stdin', () => {
  test('makes the first write fail of a caller that was silent', async () => {
    const [caller, server] = await calls.open()
    await server.closeRead()
    await turns()
    await expect(caller.write(bytes('x'))).rejects.toMatchObject({ code: 'ERR_NO_READER' })
  })

  test('frees a caller that waits for room', async () => {
    const [caller, server] = await calls.open()
    // The first one waits for the ring, the second for the first.
    await caller.write(new Uint8Array(2 * RING_BYTES))
    const held = caller.write(new Uint8Array(RING_BYTES))
    held.catch(() => undefined)
    await turns()
    await server.closeRead()
    await expect(held).rejects.toMatchObject({ code: 'ERR_NO_READER' })
    await server.write(bytes('reply'))
    expect(await caller.read()).toEqual(bytes('reply'))
  })

  test('makes writes fail also while its reply is not read', async () => {
    const [caller, server] = await calls.open()
    const flood = server.write(new Uint8Array(8 * RING_BYTES))
    await turns()
    await server.closeRead()
    await caller.write(new Uint8Array(RING_BYTES))
    await turns()
    await expect(caller.write(bytes('x'))).rejects.toMatchObject({ code: 'ERR_NO_READER' })
    const reply = readAll(caller)
    await flood
    await server.closeWrite()
    expect(await reply).toHaveLength(8 * RING_BYTES)
  })

  test('may go on waiting for time to pass, until the call is over', async () => {
    const [caller, server] = await calls.open()
    await server.closeRead()
    let isOver = false
    const waited = reads.ask('wait').then(() => (isOver = true))
    await turns()
    expect(isOver).toBe(false)
    caller.abort(new GliaError('ERR_DEADLINE', 'enough'))
    await waited
  })
})

test('a guest that has ended its reply may still fail, which the caller’s signal tells', async () => {
  const [caller, server] = await calls.open()
  await server.write(bytes('reply'))
  await server.closeWrite()
  expect(await readAll(caller)).toEqual(bytes('reply'))
  server.abort(new GliaError('ERR_TRAPPED', 'run trapped: unreachable.'))
  await expect.poll(() => caller.signal.reason as unknown).toMatchObject({ code: 'ERR_TRAPPED' })
})

test('a call after one that was closed on both sides is whole', async () => {
  const [, closed] = await calls.open()
  await closed.close()
  const [caller, server] = await calls.open()
  await send(caller, 'message')
  expect(await readAll(server)).toEqual(bytes('message'))
  await server.write(bytes('reply'))
  await server.closeWrite()
  expect(await readAll(caller)).toEqual(bytes('reply'))
})
