import { describe, expect, test, vi } from 'vitest'
import { GliaError } from '../errors.ts'
import { nextTask } from '../wait/next-task.ts'
import { newPid } from '../pid.ts'
import { Session } from './session.ts'
import { Batch } from './batch.ts'
import { decodeFrame, FLAG, FRAME, INITIAL_CREDIT_BYTES, MAX_DATA_BYTES } from './frames.ts'
import { Splitter } from './splitter.ts'
import { echoStream } from './test-peers.ts'
import { type TestChannel, testChannels } from './test-channel.ts'
import type { SessionStream } from './session-stream.ts'
import { varintSize } from './varint.ts'
import { addressOf, bytes, OTHER, pathTo, SELF, text } from '../test-peer.ts'

/** Sends bytes that break the protocol, and collects the answers of a session. */
class Wire {
  readonly answers: Uint8Array[] = []
  readonly ended = vi.fn<(reason: Error | undefined) => void>()
  readonly #channel: TestChannel
  #acknowledged = 0

  constructor(channel: TestChannel) {
    this.#channel = channel
    channel.listen({ data: (piece) => this.answers.push(piece), drain: () => undefined, closed: this.ended })
  }

  send(...frames: Uint8Array[]): void {
    for (const sent of frames) this.#channel.send(sent)
  }

  /** Acknowledges the data that has arrived since the last time. */
  acknowledge(): void {
    let arrived = 0
    const splitter = new Splitter((frameBytes) => {
      if (decodeFrame(frameBytes).type === FRAME.DATA) arrived += frameBytes.length
    })
    for (const piece of this.answers.slice(this.#acknowledged)) splitter.push(piece)
    this.#acknowledged = this.answers.length
    if (arrived > 0) this.send(credit(0, arrived))
  }

  /** All bytes that arrived, as text: FAIL frames can be read in it. */
  get text(): string {
    return this.answers.map(text).join('')
  }
}

function server(serve: (stream: SessionStream) => void = (stream) => void echoStream(stream)): [Wire, Session] {
  const [near, far] = testChannels()
  return [new Wire(near), new Session({ channel: far, local: SELF, remote: OTHER, serve })]
}

function caller(): [Wire, Session] {
  const [near, far] = testChannels()
  return [new Wire(far), new Session({ channel: near, local: OTHER, remote: SELF })]
}

function frame(
  type: (typeof FRAME)[keyof typeof FRAME],
  id: number,
  payload: Uint8Array = new Uint8Array(),
  fin = false,
): Uint8Array<ArrayBuffer> {
  const batch = new Batch(40_000)
  batch.frame(type, id, payload.length, fin ? FLAG.FIN : 0)
  batch.bytes(payload)
  return batch.take()
}

function open(id: number, head: unknown = { to: pathTo(newPid(), 'run', SELF) }, fin = false): Uint8Array<ArrayBuffer> {
  return openWith(id, bytes(typeof head === 'string' ? head : JSON.stringify(head)), fin)
}

function openWith(id: number, head: Uint8Array, fin = false): Uint8Array<ArrayBuffer> {
  const batch = new Batch(40_000)
  batch.frame(FRAME.OPEN, id, varintSize(head.length) + head.length, fin ? FLAG.FIN : 0)
  batch.varint(head.length)
  batch.bytes(head)
  return batch.take()
}

const data = (id: number, size: number): Uint8Array => frame(FRAME.DATA, id, new Uint8Array(size))
const credit = (id: number, size: number): Uint8Array => {
  const batch = new Batch(100)
  batch.frame(FRAME.CREDIT, id, varintSize(size))
  batch.varint(size)
  return batch.take()
}

const to = pathTo(newPid(), 'run', SELF)

describe('a session ends, and nothing else, when the other side', () => {
  test.each<[string, Uint8Array[]]>([
    ['sends a frame of nothing', [Uint8Array.of(0)]],
    ['announces a frame that is too long', [Uint8Array.of(0xff, 0xff, 0x03)]],
    ['announces a frame without end', [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff)]],
    ['sends a type that there is not', [Uint8Array.of(2, 9, 1)]],
    ['sends a frame without an id', [Uint8Array.of(1, FRAME.DATA)]],
    ['sends an id that is too large', [Uint8Array.of(9, FRAME.DATA, 255, 255, 255, 255, 255, 255, 255, 1)]],
    ['sends an id that is longer than it needs to be', [Uint8Array.of(3, FRAME.DATA, 0x81, 0)]],
    ['sends data of a call that was never opened', [data(1, 1)]],
    ['opens call 0', [open(0)]],
    ['opens a call twice', [open(1), open(1)]],
    ['opens a call late', [open(2), open(1)]],
    ['opens a call without JSON', [open(1, '{')]],
    ['opens a call with text that is not UTF-8', [openWith(1, Uint8Array.of(34, 255, 34))]],
    ['opens a call without an address', [open(1, {})]],
    ['opens a call with nothing', [open(1, 'null')]],
    ['opens a call with a deadline that is none', [open(1, { to, deadlineMs: -1 })]],
    ['opens a call with a size that is none', [open(1, { to, expectedBytes: 1.5 })]],
    ['opens a call with a trace that is none', [open(1, { to, trace: 'x'.repeat(129) })]],
    ['opens a call with a client’s name that is none', [open(1, { to, client: 'x'.repeat(65) })]],
    ['opens a call with an empty key', [open(1, { to, key: '' })]],
    ['opens a call with a key that is too long', [open(1, { to, key: 'x'.repeat(256) })]],
    ['opens a call with a chain that is none', [open(1, { to, chain: [1] })]],
    ['opens a call with a head that is too long', [open(1, { to, more: 'x'.repeat(8200) })]],
    ['opens a call with a head longer than its frame', [frame(FRAME.OPEN, 1, Uint8Array.of(100, 1))]],
    ['goes on after an end', [open(1, undefined, true), data(1, 1)]],
    ['gives credit without a number', [open(1), frame(FRAME.CREDIT, 1)]],
    ['gives credit without end', [open(1), credit(1, 2 ** 45)]],
    ['gives credit of exactly 2⁴⁰ bytes', [open(1), credit(1, 2 ** 40 - INITIAL_CREDIT_BYTES)]],
    ['acknowledges what it was not sent', [credit(0, 1)]],
    ['ends a call without a code', [open(1), frame(FRAME.FAIL, 1, bytes('{}'))]],
    ['ends a call with something', [open(1), frame(FRAME.FAIL, 1, Uint8Array.of(1, 2, 3))]],
    ['ignores its credit', [open(1), ...Array.from({ length: 17 }, () => data(1, MAX_DATA_BYTES))]],
  ])('%s', async (_, frames) => {
    const streams: SessionStream[] = []
    const [wire, session] = server((stream) => streams.push(stream))
    wire.send(...frames)
    expect(await session.ended).toMatchObject({
      code: 'ERR_PROTOCOL',
      message: expect.stringMatching(/broke/) as unknown,
    })
    expect(session.calls).toBe(0)
    expect(wire.ended).toHaveBeenCalledOnce()
    for (const stream of streams.filter(({ silent }) => !silent)) expect(stream.signal.aborted).toBe(true)
  })

  test('calls where it should answer', async () => {
    const [wire, session] = caller()
    wire.send(open(1))
    expect(await session.ended).toMatchObject({ code: 'ERR_PROTOCOL' })
  })
})

test('one byte less than the credit that is too much is taken', async () => {
  const [wire, session] = server(() => undefined)
  wire.send(open(1), credit(1, 2 ** 40 - INITIAL_CREDIT_BYTES - 1), open(2))
  await expect.poll(() => session.calls).toBe(2)
})

test('a frame of an unknown flag, an unknown key and a code of the future are understood as far as they can be', async () => {
  const [wire, session] = caller()
  const stream = session.open(addressOf(newPid()))
  await nextTask()
  wire.send(frame(FRAME.FAIL, 1, bytes(JSON.stringify({ code: 'ERR_FUTURE', message: 'as it is', more: 1 }))))
  await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_INTERNAL', message: 'as it is' })

  const [other, serving] = server()
  const flagged = open(1, { to, future: { a: 1 } })
  other.send(flagged.with(1 + flagged.findIndex((byte) => byte < 128), FRAME.OPEN | 0x40))
  await expect.poll(() => serving.calls, { interval: 1 }).toBe(1)
})

test('frames of calls that are over are ignored', async () => {
  const [wire, session] = server((stream) => stream.abort(new GliaError('ERR_NO_PROC', 'none')))
  wire.send(
    open(1),
    data(1, 10),
    credit(1, 10),
    frame(FRAME.STOP, 1),
    frame(FRAME.FAIL, 1, bytes('{"code":"x","message":""}')),
  )
  wire.send(open(2))
  await expect.poll(() => wire.text.match(/ERR_NO_PROC/g)?.length, { interval: 1 }).toBe(2)
  expect([session.calls, wire.ended.mock.calls.length]).toEqual([0, 0])
})

test.each([
  ['ERR_BAD_ADDRESS', '/ww/0.1.0/self/root/run'],
  ['ERR_BAD_ADDRESS', 'x'],
  ['ERR_BAD_ADDRESS', pathTo(newPid(), 'run', OTHER)],
])('%s ends a call for %s, and only that', async (code, address) => {
  const [wire, session] = server()
  wire.send(open(1, { to: address }), open(2))
  await expect.poll(() => wire.text, { interval: 1 }).toContain(code)
  expect(session.calls).toBe(1)
})

test('nothing follows the exit of a program, not even the word that its call is kept', async () => {
  const [wire, session] = server((stream) => {
    stream.closeWithExit(new GliaError('ERR_EXITED', 'exit 3', { exitCode: 3 }))
    stream.keep()
  })
  wire.send(open(1))
  await expect.poll(() => wire.text, { interval: 1 }).toContain('exit 3')
  for (let tasks = 0; tasks < 20; tasks++) await nextTask()
  expect(wire.answers).toHaveLength(1)
  const types: number[] = []
  new Splitter((piece) => types.push(decodeFrame(piece).type)).push(wire.answers[0] ?? new Uint8Array())
  expect([types, session.calls]).toEqual([[FRAME.FAIL], 0])
})

test('a PING is answered with a PONG, many with one', async () => {
  const [wire] = server()
  wire.send(frame(FRAME.PING, 0))
  await expect.poll(() => wire.answers, { interval: 1 }).toEqual([Uint8Array.of(2, FRAME.PONG, 0)])
})

test('arrival is acknowledged even when nobody reads', async () => {
  const [wire] = server(() => undefined)
  wire.send(open(1), data(1, MAX_DATA_BYTES), data(1, 100))
  await expect.poll(() => wire.answers.length, { interval: 1 }).toBe(1)
  expect(wire.answers[0]?.[1]).toBe(FRAME.CREDIT)
  expect(wire.answers[0]?.[2]).toBe(0)
})

test('a message sent byte by byte to nobody takes little more than its bytes', async () => {
  const chunks: Uint8Array[] = []
  let stream: SessionStream | undefined
  const [wire] = server((served) => (stream = served))
  const one = data(1, 1)
  const many = new Uint8Array(one.length * 10_000)
  for (let i = 0; i < 10_000; i++) many.set(one, i * one.length)
  wire.send(open(1), many, frame(FRAME.DATA, 1, new Uint8Array(), true))
  for (let i = 0; i < 20; i++) await nextTask()
  for (let chunk = await stream?.read(); chunk; chunk = await stream?.read()) chunks.push(chunk)
  expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(10_000)
  expect(chunks.length).toBe(3)
  for (const { buffer } of chunks) expect(buffer.byteLength).toBe(4096)
})

test('a peer that opens calls without end and takes no answer is cut off', async () => {
  const [near, far] = testChannels()
  const wire = new Wire(near)
  // Nobody takes what the session sends, so the channel stays full.
  far.send = () => false
  const session = new Session({ channel: far, local: SELF, remote: OTHER, serve: () => undefined, maxInboundCalls: 10 })
  for (let id = 1; id < 10_000; id++) wire.send(open(id, { to }))
  expect(await session.ended).toMatchObject({ code: 'ERR_PROTOCOL' })
})

test('a peer that stops taking bytes holds the credit of the calls that it reads, and no more', async () => {
  const [wire, session] = server(
    (stream) => void stream.write(new Uint8Array(10 * INITIAL_CREDIT_BYTES)).catch(() => {}),
  )
  wire.send(open(1), open(2))
  for (let i = 0; i < 200; i++) {
    await nextTask()
    wire.acknowledge()
  }
  const sent = wire.answers.reduce((sum, { length }) => sum + length, 0)
  expect(sent).toBeGreaterThan(2 * INITIAL_CREDIT_BYTES)
  expect(sent).toBeLessThan(2 * INITIAL_CREDIT_BYTES + 1000)
  session.end()
})

describe.each([1, 2, 3, 4])('garbage of seed %i', (seed) => {
  test.each(['bytes', 'frames', 'damaged frames'])('%s neither throw nor hold the session', async (kind) => {
    const random = lcg(seed)
    for (let round = 0; round < 30; round++) {
      const [near, far] = testChannels()
      const session = new Session({
        channel: far,
        local: SELF,
        remote: OTHER,
        serve: (stream) => void echoStream(stream),
      })
      const calling = new Session({ channel: near, local: OTHER, remote: SELF })
      const call = calling.open(addressOf(newPid()))
      const outcome = call.read().catch((thrown: unknown) => thrown)
      for (let i = 0; i < 50; i++) {
        far.arrive(garbage(kind, random))
        near.arrive(garbage(kind, random))
      }
      session.end()
      calling.end()
      await Promise.all([session.ended, calling.ended])
      expect([session.calls, calling.calls]).toEqual([0, 0])
      // Damaged frames may happen to form a reply.
      expect(await outcome).toSatisfy(
        (value) => value === null || value instanceof Uint8Array || value instanceof GliaError,
      )
    }
  })
})

function garbage(kind: string, random: (below: number) => number): Uint8Array<ArrayBuffer> {
  if (kind === 'bytes') return Uint8Array.from({ length: random(200) }, () => random(256))
  const types = Object.values(FRAME)
  const type = types[random(types.length)] ?? FRAME.PING
  const id = random(6)
  const made =
    type === FRAME.OPEN ? open(id, { to }, random(2) > 0) : frame(type, id, somePayload(random), random(4) === 0)
  if (kind === 'damaged frames' && random(3) === 0) made[random(made.length)] = random(256)
  return made
}

function somePayload(random: (below: number) => number): Uint8Array {
  const status = bytes(JSON.stringify({ code: 'ERR_TRAPPED', message: 'x' }))
  return [status, Uint8Array.of(random(128)), new Uint8Array(random(1000)), new Uint8Array()][random(4)] ?? status
}

/** Random numbers that are the same in every run. */
function lcg(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}
