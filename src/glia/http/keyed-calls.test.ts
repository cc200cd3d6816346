import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Message } from '../process/actor.ts'
import { GliaError } from '../errors.ts'
import type { HttpCallOptions } from './http.ts'
import { KeyedCalls, MAX_CALLS, MAX_RUNNING_PER_OWNER } from './keyed-calls.ts'
import { KEPT_REPLY_BYTES } from './kept-reply.ts'
import { KeyedRun, ORPHAN_MS } from './keyed-run.ts'
import { newPid } from '../pid.ts'
import { streamPair } from '../stream/stream-pair.ts'
import type { Proc } from '../process/proc.ts'
import {
  bytes,
  echo,
  makePeer,
  makeProc,
  pathTo,
  type Run,
  SELF,
  type TestProcInit,
  untilAborted,
} from '../test-peer.ts'

interface Ask extends HttpCallOptions {
  key?: string
  sent?: BodyInit
  signal?: AbortSignal
  method?: string
}

/** A peer with one process, and a function that calls it with a key. */
function makeApi(run: Run, init?: TestProcInit) {
  const { proc, failures } = makeProc(() => run, init)
  const { http } = makePeer([proc])
  const ask = ({ key = 'key', sent = 'hello', signal, method = 'run', ...options }: Ask = {}) => {
    const headers = { 'idempotency-key': key }
    const given: RequestInit & { duplex: 'half' } = { method: 'POST', duplex: 'half', headers, body: sent }
    return http(
      new Request(`http://glia.test${pathTo('root', method)}`, { ...given, ...(signal && { signal }) }),
      options,
    )
  }
  return { ask, http, proc, failures }
}

/** Counts its runs, reads the whole message, and waits until the test opens it before it replies. */
function makeGate() {
  const gate = Promise.withResolvers<void>()
  const runs: string[] = []
  const run: Run = async (message) => {
    const chunks: Uint8Array[] = []
    for (let chunk = await message.read(); chunk !== null; chunk = await message.read()) chunks.push(chunk)
    runs.push(Buffer.concat(chunks).toString())
    await gate.promise
    await message.write(bytes(`run ${runs.length} got ${runs.at(-1)}`))
  }
  return { run, runs, open: gate.resolve }
}

async function busy(proc: Proc): Promise<void> {
  await expect.poll(() => proc.state).toBe('busy')
}
const codeOf = async (answer: Promise<Response>) => ((await (await answer).json()) as { code: string }).code
const lost = () => new GliaError('ERR_UNREACHABLE', 'the connection was lost')
const gaveUp = () => new GliaError('ERR_ABORTED', 'enough')

/** A message that has begun. The test sends the rest. */
function begun(text: string) {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      source = controller
      controller.enqueue(bytes(text))
    },
  })
  return { body, end: () => source?.close() }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('requests with the same key', () => {
  test('at once are one run, and all get its reply', async () => {
    const { run, runs, open } = makeGate()
    const { ask, proc } = makeApi(run)
    const answers = [ask(), ask(), ask({ key: '"key"' })]
    await busy(proc)
    open()
    for (const answer of answers) expect(await (await answer).text()).toBe('run 1 got hello')
    expect(runs).toEqual(['hello'])
  })

  test('later get the reply that is kept', async () => {
    const { ask, proc } = makeApi(echo)
    expect(await (await ask()).text()).toBe('hello')
    expect(await (await ask()).text()).toBe('hello')
    expect(proc.messages).toBe(1)
  })

  test('get the failure of the run, which is not repeated', async () => {
    const { ask, proc } = makeApi(async () => {
      throw new GliaError('ERR_TRAPPED', 'on purpose')
    })
    expect(await codeOf(ask())).toBe('ERR_TRAPPED')
    expect(await codeOf(ask())).toBe('ERR_TRAPPED')
    expect(proc.messages).toBe(1)
  })

  test('get an empty reply of an empty message', async () => {
    const { ask, proc } = makeApi(echo)
    for (const _ of [1, 2]) expect(await (await ask({ sent: '' })).text()).toBe('')
    expect(proc.messages).toBe(1)
  })

  test('run when the one before could not: nothing had happened', async () => {
    const { ask, proc } = makeApi(echo, { policy: { mailbox: 0 } })
    const { body, end } = begun('x')
    const running = ask({ key: 'other', sent: body })
    await busy(proc)
    expect(await codeOf(ask())).toBe('ERR_MAILBOX_FULL')
    end()
    await (await running).text()
    await expect.poll(() => proc.state).toBe('idle')
    expect(await (await ask()).text()).toBe('hello')
  })

  test('of other clients are other calls', async () => {
    const { ask, proc } = makeApi(echo)
    for (const keyOwner of ['page:1', 'page:2']) {
      expect(await (await ask({ keyOwner, sent: keyOwner })).text()).toBe(keyOwner)
    }
    expect(proc.messages).toBe(2)
  })

  test('and without one are never taken for each other', async () => {
    const { ask, http, proc } = makeApi(echo)
    const plain = () => http(new Request(`http://glia.test${pathTo('root')}`, { method: 'POST', body: 'hello' }))
    const answers = await Promise.all([ask(), plain(), plain()])
    for (const answer of answers) expect(await answer.text()).toBe('hello')
    expect(proc.messages).toBe(3)
  })
})

describe('another message with the same key', () => {
  test.each([
    ['of other bytes', 'HELLO'],
    ['that is shorter', 'hell'],
    ['that is longer', 'hello!'],
    ['that is empty', ''],
  ])('%s is refused with 422, while the first runs and when it is over', async (_, sent) => {
    const { run, runs, open } = makeGate()
    const { ask } = makeApi(run)
    const first = ask()
    await expect.poll(() => runs).toEqual(['hello'])
    expect((await ask({ sent })).status).toBe(422)
    open()
    expect(await (await first).text()).toBe('run 1 got hello')
    expect(await codeOf(ask({ sent }))).toBe('ERR_KEY_REUSED')
    expect(runs).toEqual(['hello'])
  })

  test('for another method is refused', async () => {
    const { ask } = makeApi(echo, { methods: ['run', 'walk'] })
    await (await ask()).text()
    expect(await codeOf(ask({ method: 'walk' }))).toBe('ERR_KEY_REUSED')
  })

  test('a key that is none is refused with 400', async () => {
    const { ask, proc } = makeApi(echo)
    expect((await ask({ key: 'k'.repeat(256) })).status).toBe(400)
    expect(proc.messages).toBe(0)
  })
})

describe('a request that was lost', () => {
  test('in the middle of its message is continued by the next, from where it broke off', async () => {
    const { run, runs, open } = makeGate()
    const { ask, proc } = makeApi(run)
    const aborter = new AbortController()
    const first = ask({ sent: begun('hel').body, signal: aborter.signal })
    await busy(proc)
    await new Promise(setImmediate)
    aborter.abort(lost())
    expect(await codeOf(first)).toBe('ERR_UNREACHABLE')
    expect(await codeOf(ask({ sent: 'HELLO' }))).toBe('ERR_KEY_REUSED')
    open()
    expect(await (await ask()).text()).toBe('run 1 got hello')
    expect(runs).toEqual(['hello'])
  })

  test('in the middle of its reply leaves it to the next, from the start', async () => {
    const { ask, proc } = makeApi(echo)
    const { body } = begun('hel')
    const aborter = new AbortController()
    const first = await ask({ sent: body, signal: aborter.signal })
    const reader = first.body?.getReader()
    expect((await reader?.read())?.value).toEqual(bytes('hel'))
    aborter.abort(lost())
    expect(await (await ask()).text()).toBe('hello')
    expect(proc.messages).toBe(1)
  })

  test('with its whole message before it runs on, for when its caller comes back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { run, runs, open } = makeGate()
    const { ask } = makeApi(run)
    const aborter = new AbortController()
    const first = ask({ signal: aborter.signal })
    while (runs.length === 0) await new Promise(setImmediate)
    aborter.abort(lost())
    expect(await codeOf(first)).toBe('ERR_UNREACHABLE')
    vi.advanceTimersByTime(2 * ORPHAN_MS)
    open()
    expect(await (await ask()).text()).toBe('run 1 got hello')
    expect(runs).toEqual(['hello'])
  })

  test('in the middle of its message for good ends its run after a while', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { ask, failures } = makeApi(untilAborted)
    const aborter = new AbortController()
    const first = ask({ signal: aborter.signal, sent: begun('hel').body })
    await new Promise(setImmediate)
    aborter.abort(lost())
    await first
    vi.advanceTimersByTime(ORPHAN_MS - 1)
    expect(failures).toEqual([])
    vi.advanceTimersByTime(1)
    await expect.poll(() => failures.map(({ code }) => code)).toEqual(['ERR_ABORTED'])
  })

  test('while another one waits changes nothing for that', async () => {
    const { run, runs, open } = makeGate()
    const { ask } = makeApi(run)
    const aborter = new AbortController()
    const first = ask({ signal: aborter.signal })
    const second = ask()
    await expect.poll(() => runs).toEqual(['hello'])
    aborter.abort(gaveUp())
    expect(await codeOf(first)).toBe('ERR_ABORTED')
    open()
    expect(await (await second).text()).toBe('run 1 got hello')
  })
})

test('a caller that gives up ends its run at once', async () => {
  const { ask, proc, failures } = makeApi(untilAborted)
  const aborter = new AbortController()
  const first = ask({ signal: aborter.signal })
  await busy(proc)
  aborter.abort(gaveUp())
  expect(await codeOf(first)).toBe('ERR_ABORTED')
  await expect.poll(() => failures.map(({ code }) => code)).toEqual(['ERR_ABORTED'])
})

test('a client that leaves its calls behind has only so many of them, and other clients have theirs', async () => {
  const { run, open } = makeGate()
  const { ask } = makeApi(run, { policy: { mailbox: 1000 } })
  const aborter = new AbortController()
  const left = Array.from({ length: MAX_RUNNING_PER_OWNER }, (_, i) =>
    ask({ key: `${i}`, client: 'one', signal: aborter.signal }),
  )
  await new Promise(setImmediate)
  aborter.abort(lost())
  for (const answer of left) expect(await codeOf(answer)).toBe('ERR_UNREACHABLE')
  expect(await codeOf(ask({ key: 'more', client: 'one' }))).toBe('ERR_MAILBOX_FULL')
  const again = ask({ key: '0', client: 'one' })
  const other = ask({ key: 'more', client: 'other' })
  open()
  for (const answer of [again, other]) expect((await answer).status).toBe(200)
  expect((await ask({ key: 'more', client: 'one' })).status).toBe(200)
})

test('a reply that is too large to be kept is streamed once, and the call does not run again', async () => {
  const { ask, proc } = makeApi(async (message) => {
    for (let sent = 0; sent <= KEPT_REPLY_BYTES; sent += 1024 * 1024) await message.write(new Uint8Array(1024 * 1024))
  })
  const reply = await (await ask()).arrayBuffer()
  expect(reply.byteLength).toBe(KEPT_REPLY_BYTES + 1024 * 1024)
  expect((await ask()).status).toBe(410)
  expect(proc.messages).toBe(1)
})

test('a large reply is not kept either if it is read as fast as it comes, and ends with its last reader', async () => {
  const { ask, proc } = makeApi(async (message) => {
    for (;;) await message.write(new Uint8Array(64 * 1024))
  })
  const aborter = new AbortController()
  const reader = (await ask({ signal: aborter.signal })).body?.getReader()
  for (let read = 0; read <= KEPT_REPLY_BYTES;) read += (await reader?.read())?.value?.length ?? 0
  expect((await ask()).status).toBe(410)
  expect(proc.state).toBe('busy')
  aborter.abort(lost())
  await expect.poll(() => proc.state).not.toBe('busy')
})

test('a call that fails while its reply waits for a reader is over', async () => {
  const [stream, server] = streamPair({ host: SELF, proc: newPid(), method: 'run' }, { caller: 'browser' })
  const ends: unknown[] = []
  const run = new KeyedRun({ open: () => stream, resized: () => undefined, over: (error) => ends.push(error?.code) })
  const aborter = new AbortController()
  await run.take({ body: null, signal: aborter.signal })
  aborter.abort(lost())
  const writing = (async () => {
    for (;;) await server.write(new Uint8Array(1024 * 1024))
  })()
  writing.catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(ends).toEqual([])
  server.abort(new GliaError('ERR_DEADLINE', 'late'))
  await expect.poll(() => ends).toEqual(['ERR_DEADLINE'])
})

test('replies are kept up to 64 MiB: of calls before only that they ran is known', async () => {
  const size = KEPT_REPLY_BYTES / 2
  const { ask, proc } = makeApi(async (message) => {
    await message.write(new Uint8Array(size))
  })
  for (let i = 0; i < 20; i++) expect((await (await ask({ key: `${i}` })).arrayBuffer()).byteLength).toBe(size)
  expect((await ask({ key: '0' })).status).toBe(410)
  expect((await (await ask({ key: '19' })).arrayBuffer()).byteLength).toBe(size)
  expect(proc.messages).toBe(20)
})

test('empty replies take no room: they stay, and large ones are forgotten beside them', async () => {
  const size = KEPT_REPLY_BYTES / 2
  const { ask, proc } = makeApi(async (message) => {
    if ((await message.read())?.length !== 5) await message.write(new Uint8Array(size))
  })
  const empty = (i: number) => ask({ key: `empty-${i}`, sent: 'empty' })
  const large = (i: number) => ask({ key: `large-${i}`, sent: 'x' })
  for (let i = 0; i < 40; i++) await (await empty(i)).arrayBuffer()
  for (let i = 0; i < 20; i++) await (await large(i)).arrayBuffer()
  expect((await large(0)).status).toBe(410)
  for (let i = 0; i < 40; i++) expect((await empty(i)).status).toBe(200)
  expect((await (await large(19)).arrayBuffer()).byteLength).toBe(size)
  expect(proc.messages).toBe(60)
})

test('replies of one client push out its own, and not those of another client', async () => {
  const size = KEPT_REPLY_BYTES / 2
  const { ask, proc } = makeApi(async (message) => {
    await message.write(new Uint8Array(size))
  })
  const get = async (client: string, key: number) => {
    const answer = await ask({ client, key: `${key}` })
    return [answer.status, (await answer.arrayBuffer()).byteLength]
  }
  for (const key of [1, 2]) await get('light', key)
  for (let key = 0; key < 20; key++) await get('heavy', key)
  for (const key of [1, 2]) expect(await get('light', key)).toEqual([200, size])
  expect(await get('heavy', 19)).toEqual([200, size])
  expect((await get('heavy', 0))[0]).toBe(410)
  expect(proc.messages).toBe(22)
})

test('a reply that is under way outlives those that are over', async () => {
  const gate = Promise.withResolvers<void>()
  const size = KEPT_REPLY_BYTES / 2
  const { run, ended } = { run: makeProc(() => largeReply).proc, ended: makeProc(() => largeReply).proc }
  const { http } = makePeer([ended, run])
  async function largeReply(message: Message): Promise<void> {
    await message.write(new Uint8Array(size))
    if ((await message.read())?.length === 1) await gate.promise
  }
  const ask = async (proc: Proc, key: string, body: string) =>
    http(
      new Request(`http://glia.test${pathTo(proc.pid)}`, { method: 'POST', body, headers: { 'idempotency-key': key } }),
    )
  const first = await ask(run, 'runs', 'x')
  for (let key = 0; key < 20; key++)
    expect((await (await ask(ended, `${key}`, 'xy')).arrayBuffer()).byteLength).toBe(size)
  expect((await ask(ended, '0', 'xy')).status).toBe(410)
  const again = await ask(run, 'runs', 'x')
  gate.resolve()
  for (const reply of [first, again]) expect((await reply.arrayBuffer()).byteLength).toBe(size)
  expect(run.messages).toBe(1)
})

test('small replies of many clients stay beside the large ones of one', async () => {
  const large = KEPT_REPLY_BYTES / 2
  const { ask, proc } = makeApi(async (message) => {
    const isLarge = (await message.read())?.length === 1
    await message.write(new Uint8Array(isLarge ? large : 100))
  })
  const small = async (i: number) => ask({ client: `client ${i}`, key: 'key', sent: 'small' })
  for (let i = 0; i < 100; i++) await (await small(i)).arrayBuffer()
  for (let key = 0; key < 20; key++) await (await ask({ client: 'heavy', key: `${key}`, sent: 'x' })).arrayBuffer()
  for (let i = 0; i < 100; i++) expect((await small(i)).status).toBe(200)
  expect(proc.messages).toBe(120)
})

/** Calls without a body or a reply, and how many of them have run. */
function makeCalls() {
  const keyed = new KeyedCalls()
  let runs = 0
  const get = async (owner: string, key: number): Promise<void> => {
    const request = { body: null, signal: new AbortController().signal }
    const reply = await keyed.take({ owner, key: `${key}`, path: '/' }, request, () => {
      runs += 1
      const [stream, server] = streamPair({ host: SELF, proc: newPid(), method: 'run' }, { caller: 'browser' })
      void server.close()
      return stream
    })
    expect(await reply.read()).toBeNull()
  }
  return { get, runs: () => runs }
}

test('of all calls that are remembered, those of the client go that has most', async () => {
  const { get, runs } = makeCalls()
  await get('light', 0)
  for (const owner of ['one', 'two']) for (let key = 0; key < MAX_CALLS / 2 - 1; key++) await get(owner, key)
  for (const key of [0, 1]) await get('three', key)
  const before = runs()
  await get('light', 0)
  await get('three', 0)
  expect(runs()).toBe(before)
  await get('one', 0)
  expect(runs()).toBe(before + 1)
})

test('calls are forgotten after a while', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const { ask, proc } = makeApi(echo)
  await (await ask()).text()
  vi.advanceTimersByTime(5 * 60_000 - 1)
  expect((await ask({ sent: 'another' })).status).toBe(422)
  vi.advanceTimersByTime(1)
  expect(await (await ask({ sent: 'another' })).text()).toBe('another')
  expect(proc.messages).toBe(2)
})

test('of more than 5,000 calls of a client the oldest ones are forgotten', async () => {
  const { get, runs } = makeCalls()
  for (let key = 0; key < 5_000; key++) await get('one', key)
  await get('one', 0)
  expect(runs()).toBe(5_000)
  await get('one', 5_000)
  await get('one', 1)
  expect(runs()).toBe(5_001)
  await get('one', 0)
  expect(runs()).toBe(5_002)
})

test('many equal and different calls at once each get their own reply', async () => {
  const { ask, proc } = makeApi(echo, { policy: { mailbox: 1000 } })
  const calls = Array.from({ length: 200 }, (_, i) => ({
    key: `${i % 50}`,
    text: `${i % 50} `.repeat(1 + (i % 50) * 500),
  }))
  const replies = await Promise.all(calls.map(async ({ key, text }) => (await ask({ key, sent: text })).text()))
  expect(replies).toEqual(calls.map(({ text }) => text))
  expect(proc.messages).toBe(50)
})
