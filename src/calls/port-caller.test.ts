import { once } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { GliaError } from '../glia/errors.ts'
import { DeathWatch } from './life-lock.ts'
import { callOverPort } from './port-caller.ts'
import { type FromCaller, type FromTab, newLifeLock, readFromCaller, WINDOW_BYTES } from './protocol.ts'

/** Web Locks, which Node 20 does not have. The test says when somebody dies. */
class Deaths extends DeathWatch {
  die: () => void = () => undefined

  override onDeath(_: string, listener: () => void): () => void {
    this.die = listener
    return () => (this.die = () => undefined)
  }
}

/** A call whose tab is the test. */
function makeCall(body: ReadableStream<Uint8Array> | null = null) {
  const { port1, port2 } = new MessageChannel()
  const aborter = new AbortController()
  const deaths = new Deaths()
  const received: FromCaller[] = []
  port2.onmessage = ({ data }: MessageEvent) => received.push(readFromCaller(data))
  const reply = callOverPort({ port: port1, body: body?.getReader() ?? null, signal: aborter.signal, deaths })
  reply.catch(() => undefined)
  return {
    reply,
    aborter,
    deaths,
    received,
    types: () => received.map(({ type }) => type),
    tab: (...messages: FromTab[]) => messages.forEach((message) => port2.postMessage(message)),
  }
}

const ack: FromTab = { type: 'ack', lock: newLifeLock() }
const pinged: FromTab = { ...ack, answersPings: true }
const head = (init: Partial<FromTab & { type: 'head' }> = {}): FromTab => {
  return { type: 'head', status: 200, headers: [], body: null, complete: false, ...init }
}
const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values)
const data = (...values: number[]): FromTab => ({ type: 'data', bytes: bytes(...values) })

const allOf = async (body: BodyInit | null): Promise<number[]> => [
  ...new Uint8Array(await new Response(body).arrayBuffer()),
]

afterEach(() => {
  vi.useRealTimers()
})

/** Lets time pass, a second at a time, with the messages that arrive meanwhile. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await vi.advanceTimersByTimeAsync(1000)
    await new Promise(setImmediate)
  }
}

test('a tab that does not take the call, and one that answers no more, are given up by the caller’s clock', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const never = makeCall()
  await pass(6)
  await expect(never.reply).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  const frozen = makeCall()
  const halfway = makeCall()
  frozen.tab(pinged)
  halfway.tab(pinged, head({ body: Uint8Array.of(1) }))
  const { body } = await halfway.reply
  await pass(12)
  await expect(frozen.reply).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  await expect(allOf(body)).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  expect(frozen.types()).toEqual(['ping', 'cancel'])
})

test('a tab that works long and answers pings is waited for, and so is one that knows none', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const { reply, tab, types } = makeCall()
  const old = makeCall()
  tab(pinged)
  old.tab(ack)
  for (let minutes = 0; minutes < 1; minutes += 0.05) {
    await pass(3)
    tab({ type: 'pong' })
    await new Promise(setImmediate)
  }
  tab(head({ body: Uint8Array.of(1), complete: true }))
  old.tab(head({ body: Uint8Array.of(2), complete: true }))
  expect((await reply).body).toEqual(bytes(1))
  expect((await old.reply).body).toEqual(bytes(2))
  expect(types().filter((type) => type === 'ping').length).toBeGreaterThan(10)
})

test('a reply that travels with its head is whole', async () => {
  const { reply, tab } = makeCall()
  tab(ack, head({ status: 404, headers: [['a', 'b']], body: Uint8Array.of(1, 2), complete: true }))
  expect(await reply).toMatchObject({ status: 404, headers: [['a', 'b']], body: Uint8Array.of(1, 2) })
})

test('a reply that is streamed arrives in order, and what was read is credited', async () => {
  const { reply, tab, received } = makeCall()
  tab(ack, head({ body: Uint8Array.of(1) }), data(2, 3), data(4), { type: 'end' })
  const { body } = await reply
  expect(await allOf(body)).toEqual([1, 2, 3, 4])
  const credited = () => received.reduce((sum, message) => sum + (message.type === 'credit' ? message.bytes : 0), 0)
  await expect.poll(credited).toBe(4)
})

test('a body is sent as far as there is credit, and its end is told', async () => {
  const chunks = [WINDOW_BYTES, 3, 2].map((length) => new Uint8Array(length))
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks.shift()
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    },
  })
  const { tab, types } = makeCall(source)
  tab(ack)
  await expect.poll(types).toEqual(['data'])
  tab({ type: 'credit', bytes: 1 })
  await expect.poll(types).toEqual(['data', 'data'])
  tab({ type: 'credit', bytes: 100 })
  await expect.poll(types).toEqual(['data', 'data', 'data', 'end'])
})

test('a body that the end of the reply cuts short is not told to be whole', async () => {
  const { reply, tab, types } = makeCall(new ReadableStream({ start: (controller) => controller.enqueue(bytes(1)) }))
  tab(ack, head({ complete: true }))
  await reply
  await expect.poll(types).toEqual(['data'])
})

test('a body that breaks off cancels the call', async () => {
  const { reply, types } = makeCall(
    new ReadableStream({ start: (controller) => controller.error(new TypeError('network lost')) }),
  )
  await expect(reply).rejects.toMatchObject({ code: 'ERR_ABORTED', message: 'network lost' })
  await expect.poll(types).toEqual(['cancel'])
})

test.each<[FromTab, string]>([
  [{ type: 'no-tab' }, 'ERR_UNREACHABLE'],
  [{ type: 'error', code: 'ERR_RESET', message: 'it broke off' }, 'ERR_RESET'],
])('the tab’s %o is the failure of the call', async (message, code) => {
  const { reply, tab } = makeCall()
  tab(message)
  await expect(reply).rejects.toMatchObject({ code })
})

test('a failure after the head breaks the body', async () => {
  const { reply, tab } = makeCall()
  tab(ack, head({ body: Uint8Array.of(1) }), { type: 'error', code: 'ERR_TRAPPED', message: 'on purpose' })
  await expect(allOf((await reply).body)).rejects.toMatchObject({ code: 'ERR_TRAPPED' })
})

test('a tab that is closed ends its call, also in the middle of a reply', async () => {
  const { reply, tab, deaths } = makeCall()
  tab(ack, head({ body: Uint8Array.of(1) }))
  const { body } = await reply
  deaths.die()
  await expect(allOf(body)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
})

test('a caller that gives up is told at once, and so is the tab', async () => {
  const { reply, aborter, types } = makeCall()
  aborter.abort()
  await expect(reply).rejects.toBeInstanceOf(GliaError)
  await expect.poll(types).toEqual(['cancel'])
})

test('a caller that says why it gives up has that for its failure', async () => {
  const { reply, aborter } = makeCall()
  aborter.abort(new GliaError('ERR_DEADLINE', 'too late'))
  await expect(reply).rejects.toMatchObject({ code: 'ERR_DEADLINE', message: 'too late' })
})

test('what is still on its way when the caller stops reading is dropped', async () => {
  const uncaught: unknown[] = []
  const note = (thrown: unknown): void => void uncaught.push(thrown)
  process.on('uncaughtException', note)
  try {
    const { reply, tab, types } = makeCall()
    tab(ack, head({ body: Uint8Array.of(1) }))
    const { body } = await reply
    await (body as ReadableStream<Uint8Array>).cancel()
    tab(data(2), { type: 'end' })
    await expect.poll(types).toEqual(expect.arrayContaining(['cancel']))
    const { port1, port2 } = new MessageChannel()
    port1.postMessage('behind the others')
    await once(port2, 'message')
    port1.close()
    expect(uncaught).toEqual([])
  } finally {
    process.off('uncaughtException', note)
  }
})

test('how the program exited comes with the end of its output', async () => {
  const exit = { code: 'ERR_EXITED', message: 'It exited with 3.', exitCode: 3, accepted: false } as const
  for (const messages of [
    [head({ complete: true, exit })],
    [head(), { type: 'data', bytes: Uint8Array.of(1) }, { type: 'end', exit }],
  ] satisfies FromTab[][]) {
    const { reply, tab } = makeCall()
    tab(ack, ...messages)
    expect(await (await reply).exit).toMatchObject({ code: 'ERR_EXITED', exitCode: 3 })
  }
})
