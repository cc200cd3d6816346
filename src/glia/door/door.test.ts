import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AHEAD_BYTES, MAX_CALLS, MAX_CALLS_PER_PEER, MAX_WAITING_BYTES, SILENCE_MS } from '../call-limits.ts'
import { toGliaError } from '../errors.ts'
import { NO_CONTEXT } from '../call-context.ts'
import { newPid } from '../pid.ts'
import type { Proc } from '../process/proc.ts'
import type { Router } from '../router.ts'
import type { Stream } from '../stream/stream.ts'
import { addressOf, bytes, echo, makePeer, makeProc, type Run, send, TestActor, text } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

beforeEach(() => {
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const
  vi.useFakeTimers({ toFake: [...toFake] })
})
afterEach(() => void vi.useRealTimers())

/** A peer with a process, and the calls of others. */
class Scene {
  readonly proc: Proc
  readonly router: Router
  readonly count: ReturnType<typeof makeProc>['count']

  constructor(run: Run = echo, init: Parameters<typeof makeProc>[1] = {}) {
    const { proc, count } = makeProc(() => run, init)
    this.proc = proc
    this.count = count
    this.router = makePeer([proc]).router
  }

  open(caller: string, client?: string): Stream {
    return this.router.open(addressOf(this.proc), {
      caller,
      context: client === undefined ? NO_CONTEXT : { ...NO_CONTEXT, client },
    })
  }

  /** A call whose message begins and does not end. */
  async begin(caller: string, content = 'x', client?: string): Promise<Stream> {
    const stream = this.open(caller, client)
    await stream.write(bytes(content))
    await settle()
    return stream
  }

  /** A whole call. @returns the reply, or the code of the error. */
  async call(caller: string, content: string | Uint8Array = 'hi', client?: string): Promise<string> {
    const stream = this.open(caller, client)
    void send(stream, content).catch(() => undefined)
    return endOf(stream)
  }
}

/** The reply, or the code of the error. */
function endOf(stream: Stream): Promise<string> {
  return readAll(stream).then(text, (thrown: unknown) => toGliaError(thrown).code)
}

/** Waits until everything has happened that needs no time. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

/** The result of a promise, and how long it took in ms. */
async function timed<T>(promise: Promise<T>): Promise<[T, number]> {
  const began = performance.now()
  let isOver = false
  void promise.finally(() => (isOver = true))
  while (!isOver) await vi.advanceTimersByTimeAsync(50)
  return [await promise, performance.now() - began]
}

async function strangers(count: number, each: (name: string) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await each(`stranger ${i}`)
}

/** A run that waits until the test opens it. */
function gate(): { run: Run; open(): void } {
  const opened = Promise.withResolvers<void>()
  return {
    run: async (...given) => {
      await opened.promise
      await echo(...given)
    },
    open: opened.resolve,
  }
}

describe('unfinished messages of strangers', () => {
  test.each([5, 50, 250])(
    'of %i fresh peers keep neither the owner nor another stranger from calling',
    async (count) => {
      const scene = new Scene()
      await strangers(count, (name) => scene.begin(name))
      // The first of them has the turn, and loses it when its patience is over.
      const [reply, ms] = await timed(scene.call('browser'))
      expect(reply).toBe('hi')
      expect(ms).toBeLessThan(2500)
      // The next ones have less time each.
      for (const caller of ['newcomer', 'browser', 'newcomer']) {
        const [next, nextMs] = await timed(scene.call(caller))
        expect(next).toBe('hi')
        expect(nextMs).toBeLessThan(1000)
      }
    },
  )

  test('byte by byte, for ever, are ended while others wait, with a sentence', async () => {
    const scene = new Scene()
    const slow = await scene.begin('slow')
    const trickle = setInterval(() => void slow.write(bytes('x')).catch(() => clearInterval(trickle)), 300)
    expect((await timed(scene.call('other')))[0]).toBe('hi')
    await expect(readAll(slow)).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
      message: expect.stringContaining('Others wait for this process') as unknown,
    })
    expect(scene.count).toEqual({ started: 1, stopped: 0 })
  })

  test('that begin large and stop are ended too', async () => {
    const scene = new Scene()
    await strangers(5, (name) => scene.begin(name, 'x'.repeat(AHEAD_BYTES)))
    const [reply, ms] = await timed(scene.call('other'))
    expect(reply).toBe('hi')
    expect(ms).toBeLessThan(3000)
  })

  test('are let in only when nothing else waits', async () => {
    const { run, open } = gate()
    const order: string[] = []
    const scene = new Scene(async (message, ...rest) => {
      await run(message, ...rest)
      order.push('a turn')
    })
    const first = scene.call('first')
    const begun = await scene.begin('begun')
    const wholes = ['one', 'two', 'three'].map((name) => scene.call(name))
    await settle()
    open()
    expect(await Promise.all([first, ...wholes])).toEqual(['hi', 'hi', 'hi', 'hi'])
    expect(order).toHaveLength(4)
    await begun.closeWrite()
    expect(await endOf(begun)).toBe('x')
  })

  test('keep their turn while nobody waits, however slow they are', async () => {
    const scene = new Scene()
    const slow = await scene.begin('slow')
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(5000)
      await slow.write(bytes('y'))
    }
    await slow.closeWrite()
    expect(await endOf(slow)).toBe('xyyyyy')
  })

  test('that keep moving keep their turn, also while others wait', async () => {
    const scene = new Scene()
    const upload = await scene.begin('upload', 'x'.repeat(AHEAD_BYTES))
    const reply = endOf(upload)
    const waiting = scene.call('other')
    for (let i = 0; i < 80; i++) {
      await upload.write(new Uint8Array(16 * 1024))
      await vi.advanceTimersByTimeAsync(200)
    }
    await upload.closeWrite()
    expect((await reply).length).toBe(AHEAD_BYTES + 80 * 16 * 1024)
    expect(await waiting).toBe('hi')
  })

  test('that keep moving lose it when the owner has waited for long', async () => {
    const scene = new Scene()
    const upload = await scene.begin('upload', 'x'.repeat(AHEAD_BYTES))
    const feed = setInterval(() => void upload.write(new Uint8Array(16 * 1024)).catch(() => clearInterval(feed)), 200)
    const ended = endOf(upload)
    const [reply, ms] = await timed(scene.call('browser'))
    expect(reply).toBe('hi')
    expect(ms).toBeLessThan(7000)
    expect(await ended).toBe('ERR_DEADLINE')
  })

  test('are as slow when a process of this browser sends them for a stranger', async () => {
    const scene = new Scene()
    const address = addressOf(scene.proc)
    const relayed = scene.router.open(address, { caller: newPid(), context: { ...NO_CONTEXT, onBehalfOf: ['slow'] } })
    await relayed.write(bytes('x'))
    await settle()
    const [reply, ms] = await timed(scene.call('other'))
    expect(reply).toBe('hi')
    expect(ms).toBeLessThan(2500)
    expect(await endOf(relayed)).toBe('ERR_DEADLINE')
  })

  test('of the owner are not hurried', async () => {
    const scene = new Scene()
    const own = await scene.begin('browser')
    const waiting = scene.call('other')
    await vi.advanceTimersByTimeAsync(20_000)
    await own.closeWrite()
    expect(await endOf(own)).toBe('x')
    expect(await waiting).toBe('hi')
  })

  test('are not blamed for a method that does not read', async () => {
    class Busy extends TestActor {
      readonly awaitsInput = false
    }
    const { run, open } = gate()
    const scene = new Scene(run, { actor: (given) => new Busy(given, () => undefined) })
    const begun = await scene.begin('begun')
    const waiting = scene.call('other')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(begun.signal.aborted).toBe(false)
    open()
    await begun.closeWrite()
    expect(await endOf(begun)).toBe('x')
    expect(await waiting).toBe('hi')
  })

  test('that were never begun are told so, and never come in', async () => {
    const scene = new Scene()
    const silent = endOf(scene.open('silent'))
    expect(await scene.call('other')).toBe('hi')
    await vi.advanceTimersByTimeAsync(SILENCE_MS)
    expect(await silent).toBe('ERR_DEADLINE')
    expect(scene.proc.messages).toBe(1)
    expect(scene.router.callsOfOthers).toBe(0)
  })
})

describe('a slow stranger harms only itself', () => {
  /** Strangers that begin messages and never end them. Each comes again when its message was ended. */
  async function besiege(scene: Scene, senders: readonly [peer: string, client?: string][], start = 'x') {
    const siege = { ended: 0, isOver: false }
    const come = async ([peer, client]: [peer: string, client?: string]): Promise<void> => {
      while (!siege.isOver) {
        await endOf(await scene.begin(peer, start, client))
        siege.ended += 1
      }
    }
    for (const sender of senders) void come([...sender])
    await settle()
    return siege
  }
  const slow = [0, 1, 2, 3, 4].map((i): [string] => [`slow ${i}`])

  /** Sends a message in pieces, with a pause of 0.7 s after each. @returns whether the reply is the message. */
  async function upload(scene: Scene, caller: string, client?: string): Promise<unknown> {
    const stream = scene.open(caller, client)
    const reply = endOf(stream)
    const piece = new Uint8Array(64 * 1024)
    let sent = 0
    for (; sent < 6 && !stream.signal.aborted; sent++) {
      await stream.write(piece).catch(() => undefined)
      await vi.advanceTimersByTimeAsync(700)
    }
    await stream.closeWrite().catch(() => undefined)
    const [got] = await timed(reply)
    return got.length === sent * piece.length ? 'all of it' : got
  }

  test.each([
    ['a byte', 'x'],
    ['much of a message', 'x'.repeat(AHEAD_BYTES)],
  ])('of which each has sent %s, and others of moderate speed always get through', async (_, start) => {
    const scene = new Scene()
    const siege = await besiege(scene, slow, start)
    for (let i = 0; i < 6; i++) {
      expect(await upload(scene, `honest ${i % 2}`)).toBe('all of it')
      expect((await timed(scene.call(`quick ${i}`)))[0]).toBe('hi')
    }
    expect(siege.ended).toBeGreaterThan(5)
    siege.isOver = true
  })

  test('also if it is one client of a gateway, and the other is another one', async () => {
    const scene = new Scene()
    const siege = await besiege(
      scene,
      slow.map(([client]) => ['gateway', client]),
    )
    for (let i = 0; i < 4; i++) expect(await upload(scene, 'gateway', 'honest')).toBe('all of it')
    expect(siege.ended).toBeGreaterThan(2)
    siege.isOver = true
  })

  test('and its next messages have less time, and no turn before those of others', async () => {
    const scene = new Scene()
    const lose = async (caller: string): Promise<number> => {
      const begun = await scene.begin(caller, 'x'.repeat(AHEAD_BYTES))
      const waiting = scene.call('other')
      const [, ms] = await timed(endOf(begun))
      expect((await timed(waiting))[0]).toBe('hi')
      return ms
    }
    expect(await lose('slow')).toBeGreaterThan(1900)
    await vi.advanceTimersByTimeAsync(3000)
    expect(await lose('slow')).toBeLessThan(700)
    await vi.advanceTimersByTimeAsync(3000)
    expect(await lose('fresh')).toBeGreaterThan(1900)
  })

  test('so that a call back and forth gets its turn too', async () => {
    const scene = new Scene()
    const siege = await besiege(scene, slow)
    expect((await timed(scene.call('quick')))[0]).toBe('hi')
    const talk = await scene.begin('talk', 'a')
    expect((await timed(talk.read()))[0]).toEqual(bytes('a'))
    await vi.advanceTimersByTimeAsync(800)
    await talk.write(bytes('b'))
    expect((await timed(talk.read()))[0]).toEqual(bytes('b'))
    await talk.closeWrite()
    expect(await endOf(talk)).toBe('')
    siege.isOver = true
  })

  test.each([
    ['gives up', async (call: Stream) => call.abort(new Error('enough'))],
    ['ends its message', async (call: Stream) => call.closeWrite()],
  ])('also if it %s just before it is too slow', async (_, leave) => {
    const scene = new Scene()
    let isOver = false
    const come = async (caller: string): Promise<void> => {
      while (!isOver) {
        const call = await scene.begin(caller)
        // The call has its turn.
        await call.read()
        await new Promise((resolve) => setTimeout(resolve, 1500))
        await leave(call)
        await endOf(call)
      }
    }
    for (const [caller] of slow) void come(caller)
    await settle()
    const quick = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        expect(await scene.call('quick')).toBe('hi')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const [, ms] = await timed(quick())
    expect(ms).toBeLessThan(5000)
    isOver = true
  })

  test('and what is held back after it has its turn as soon as it is whole', async () => {
    const scene = new Scene()
    await scene.begin('slow')
    expect((await timed(scene.call('other')))[0]).toBe('hi')
    const part = await scene.begin('part')
    await vi.advanceTimersByTimeAsync(500)
    expect(scene.proc.state).toBe('idle')
    expect(scene.proc.waiting).toBe(1)
    await part.closeWrite()
    const [reply, ms] = await timed(endOf(part))
    expect([reply, ms < 200]).toEqual(['x', true])
  })
})

test('a stranger that does not read its reply loses its turn when others wait', async () => {
  const large: Run = async (message) => {
    const asked = (await message.read())?.length ?? 0
    for (let i = 0; i < asked; i++) await message.write(new Uint8Array(1024 * 1024))
  }
  const scene = new Scene(large)
  const unread = scene.open('unread')
  await send(unread, 'xxxx')
  await settle()
  expect(scene.proc.state).toBe('busy')
  const [, ms] = await timed(scene.call('other', ''))
  expect(ms).toBeLessThan(2500)
  expect(await endOf(unread)).toBe('ERR_DEADLINE')
})

test.each([5, 20])(
  '%i fresh strangers that do not read their replies delay the others by a few seconds',
  async (count) => {
    const scene = new Scene(async (message) => {
      const isLarge = (await message.read())?.length === 4
      await message.write(new Uint8Array(isLarge ? 4 * 1024 * 1024 : 1))
    })
    await strangers(count, async (name) => {
      for (let i = 0; i < 2; i++) void send(scene.open(name), 'xxxx').catch(() => undefined)
    })
    await settle()
    for (let i = 0; i < 4; i++) {
      const [[one, ms], [other, otherMs]] = await Promise.all([
        timed(scene.call(`one ${i}`, 'x')),
        timed(scene.call('other', 'x')),
      ])
      expect([one, other]).toEqual(['\0', '\0'])
      expect(Math.max(ms, otherMs)).toBeLessThan(7000)
    }
  },
)

test('what buffers on the way take of a reply at once gives its reader no time', async () => {
  const MiB = 1024 * 1024
  const scene = new Scene(async (message) => {
    const isFlood = (await message.read())?.[0] === 0
    while (isFlood) await message.write(new Uint8Array(64 * 1024))
  })
  const slow = await scene.begin('slow', '\0')
  const waiting = scene.call('other')
  await settle()
  // All bytes are taken at once, as by the buffers of a relay.
  for (let taken = 0; taken < 4 * MiB;) taken += (await slow.read())?.length ?? 0
  const [reply, ms] = await timed(waiting)
  expect(reply).toBe('')
  expect(ms).toBeLessThan(2500)
})

test('a message that waits is delivered as it came, whatever of it came when', async () => {
  const { run, open } = gate()
  const scene = new Scene(run)
  const first = scene.call('first')
  const large = Uint8Array.from({ length: 3 * AHEAD_BYTES }, (_, i) => i * 7)
  const whole = scene.open('whole')
  void send(whole, large)
  const parts = await scene.begin('parts', 'be')
  await settle()
  await parts.write(bytes('gin'))
  open()
  expect(await first).toBe('hi')
  expect(Buffer.compare(await readAll(whole), large)).toBe(0)
  await parts.write(bytes(' end'))
  await parts.closeWrite()
  expect(await endOf(parts)).toBe('begin end')
})

describe('whoever sends much', () => {
  test('waits behind itself: the others are served in turns, each in its order', async () => {
    const { run, open } = gate()
    const order: string[] = []
    const scene = new Scene(async (message, ...rest) => {
      await run(message, ...rest)
    })
    const calls = [scene.call('first')]
    const ask = (caller: string, content: string): void => {
      calls.push(scene.call(caller, content).then((reply) => (order.push(reply), reply)))
    }
    for (const n of [1, 2, 3, 4]) ask('heavy', `heavy ${n}`)
    ask('light', 'light 1')
    ask('light', 'light 2')
    await settle()
    open()
    await Promise.all(calls)
    expect(order).toEqual(['heavy 1', 'light 1', 'heavy 2', 'light 2', 'heavy 3', 'heavy 4'])
  })

  test('takes one place in the mailbox of a process, however much it is', async () => {
    const { run, open } = gate()
    const scene = new Scene(run, { policy: { mailbox: 2 } })
    const calls = [scene.call('first')]
    for (let i = 0; i < 50; i++) calls.push(scene.call('heavy'))
    calls.push(scene.call('light'))
    await settle()
    expect(await scene.call('one too many')).toBe('ERR_MAILBOX_FULL')
    open()
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['hi']))
  })

  test('has no more than its share of the door, which is one for its clients together', async () => {
    const { run, open } = gate()
    const scene = new Scene(run)
    const calls = Array.from({ length: MAX_CALLS_PER_PEER }, () => scene.call('gateway', 'hi', 'heavy'))
    await settle()
    const light = scene.call('gateway', 'hi', 'light')
    const other = scene.call('other')
    await settle()
    open()
    const replies = await Promise.all(calls)
    expect(replies.filter((reply) => reply === 'ERR_MAILBOX_FULL')).toHaveLength(1)
    expect(replies.at(-1)).toBe('ERR_MAILBOX_FULL')
    expect([await light, await other]).toEqual(['hi', 'hi'])
  })

  test('loses its newest when the door is full of the calls of all', async () => {
    const scene = new Scene()
    const count = MAX_CALLS / MAX_CALLS_PER_PEER
    await strangers(count, async (name) => {
      for (let i = 0; i < MAX_CALLS_PER_PEER; i++) void scene.open(name).write(bytes('x'))
    })
    await settle()
    expect(scene.router.callsOfOthers).toBe(MAX_CALLS)
    for (const caller of ['light', 'browser', 'another']) {
      const [reply, ms] = await timed(scene.call(caller))
      expect(reply).toBe('hi')
      expect(ms).toBeLessThan(2500)
    }
    expect(scene.router.callsOfOthers).toBeLessThanOrEqual(MAX_CALLS)
  })

  test('makes room for newcomers in turns with those that send as much', async () => {
    const { run, open } = gate()
    const scene = new Scene(run)
    const first = scene.call('browser')
    await settle()
    const losers: string[] = []
    const calls: Promise<unknown>[] = []
    const sendOne = (name: string): void => {
      calls.push(scene.call(name).then((reply) => reply !== 'hi' && losers.push(name)))
    }
    await strangers(MAX_CALLS / MAX_CALLS_PER_PEER, async (name) => {
      for (let i = 0; i < MAX_CALLS_PER_PEER; i++) sendOne(name)
    })
    await settle()
    // Each newcomer takes a place and leaves again. Then whoever lost the place sends another call.
    for (let i = 0; i < 24; i++) {
      const newcomer = await scene.begin(`newcomer ${i}`)
      expect(losers).toHaveLength(i + 1)
      newcomer.abort(new Error('enough'))
      await settle()
      sendOne(losers.at(-1) ?? '')
      await settle()
    }
    open()
    await Promise.all([first, ...calls])
    for (const name of new Set(losers)) expect(losers.filter((each) => each === name)).toHaveLength(3)
    expect(new Set(losers).size).toBe(8)
  })

  test('cannot fill the line of the owner, who waits for one turn', async () => {
    const { run, open } = gate()
    const scene = new Scene(run, { policy: { mailbox: 1 } })
    const calls = [scene.call('first'), scene.call('second')]
    await settle()
    expect(await scene.call('third')).toBe('ERR_MAILBOX_FULL')
    const own = scene.call('browser')
    await settle()
    expect(await scene.call('browser')).toBe('ERR_MAILBOX_FULL')
    open()
    expect(await own).toBe('hi')
    expect(await Promise.all(calls)).toEqual(['hi', 'hi'])
  })

  test('does not wait for ever behind an owner that calls without end', async () => {
    const { run, open } = gate()
    const scene = new Scene(run)
    const order: string[] = []
    const calls = [scene.call('browser')]
    for (let i = 0; i < 20; i++) calls.push(scene.call('browser').then((reply) => (order.push('owner'), reply)))
    calls.push(scene.call('other').then((reply) => (order.push('other'), reply)))
    await settle()
    open()
    await Promise.all(calls)
    expect(order.indexOf('other')).toBe(4)
  })
})

describe('bytes that wait', () => {
  const part = new Uint8Array(250_000)

  test('are bounded, of all calls together, and the owner’s call is not refused', async () => {
    const { run, open } = gate()
    const scene = new Scene(run)
    const first = scene.call('first')
    await settle()
    const calls: Promise<string>[] = []
    await strangers(8, async (name) => {
      for (let i = 0; i < 128; i++) calls.push(scene.call(name, part).then((reply) => reply.slice(0, 20)))
    })
    await vi.advanceTimersByTimeAsync(1000)
    const left = scene.router.callsOfOthers - 1
    expect(left * part.length).toBeLessThanOrEqual(MAX_WAITING_BYTES)
    expect(left * part.length).toBeGreaterThan(MAX_WAITING_BYTES / 2)
    const own = scene.call('browser')
    open()
    expect([await first, await own]).toEqual(['hi', 'hi'])
    const replies = await Promise.all(calls)
    expect(replies.filter((reply) => reply === 'ERR_MAILBOX_FULL')).toHaveLength(1024 - left)
  })

  test('of whoever has most go, and not those of others', async () => {
    const { run, open } = gate()
    const scene = new Scene(run)
    const first = scene.call('first')
    await settle()
    const light = scene.call('light', new Uint8Array(100_000))
    const heavy = Array.from({ length: 200 }, () => scene.call('heavy', part))
    await vi.advanceTimersByTimeAsync(1000)
    open()
    expect(await first).toBe('hi')
    expect((await light).length).toBe(100_000)
    expect(await Promise.all(heavy)).toContain('ERR_MAILBOX_FULL')
  })
})
