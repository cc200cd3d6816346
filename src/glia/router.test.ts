import { describe, expect, test } from 'vitest'
import { arrivedContext, type CallContext, MAX_CHAIN } from './call-context.ts'
import type { Address } from './address.ts'
import { GliaError, toGliaError } from './errors.ts'
import { chainNameOf } from './chain-name.ts'
import { nextTask } from './wait/next-task.ts'
import { newPid } from './pid.ts'
import type { Stream } from './stream/stream.ts'
import { acceptStreams } from './stream/stream.acceptance.ts'
import { streamPair } from './stream/stream-pair.ts'
import { Router } from './router.ts'
import { addressOf, bytes, echo, makePeer, makeProc, OTHER, type Run, SELF, send, text } from './test-peer.ts'
import { readAll } from './stream/web-streams.ts'

const browser = { caller: 'browser' }
const elsewhere = () => addressOf(newPid(), 'run', OTHER)

/** A peer that passes calls for other peers on to the test, which holds their serving ends. */
function forwarding() {
  const served = Promise.withResolvers<Stream>()
  const opened: { address: unknown; signal: AbortSignal }[] = []
  const { router } = makePeer([], async (address, { signal }) => {
    opened.push({ address, signal })
    const [near, far] = streamPair(address, { caller: SELF })
    served.resolve(far)
    return near
  })
  return { router, opened, served: served.promise }
}

acceptStreams('a call that a router passes on', {
  endsWithReply: true,
  open: async () => {
    const { router, served } = forwarding()
    return [router.open(elsewhere(), browser), await served]
  },
})

describe('a process of this peer', () => {
  test('gets the message, and its reply comes back', async () => {
    const { proc } = makeProc(() => echo)
    const stream = makePeer([proc]).router.open(addressOf(proc), browser)
    await send(stream, 'hello')
    expect(text(await readAll(stream))).toBe('hello')
  })

  test('that is not there is an error of the call', async () => {
    const stream = makePeer([]).router.open(addressOf(newPid()), browser)
    await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
    await expect(stream.write(bytes('x'))).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  })

  test('is called by processes alone, and by their keys, when the peer is about to stop', async () => {
    const { proc } = makeProc(() => echo)
    const { router } = makePeer([proc])
    router.refuse(new GliaError('ERR_PROC_STOPPED', 'The peer is about to stop.'))
    for (const caller of [newPid(), `${newPid()}:a key`]) {
      const stream = router.open(addressOf(proc), { caller })
      await send(stream, 'hello')
      expect(text(await readAll(stream))).toBe('hello')
    }
    for (const caller of ['browser', OTHER]) {
      const stream = router.open(addressOf(proc), { caller })
      await expect(stream.read()).rejects.toMatchObject({ message: 'The peer is about to stop.' })
    }
  })

  test('that fails gives its own error to the caller', async () => {
    const { proc } = makeProc(() => async () => Promise.reject(new GliaError('ERR_FAILED', 'run returned 7.')))
    const stream = makePeer([proc]).router.open(addressOf(proc), browser)
    await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_FAILED', message: 'run returned 7.' })
  })

  test('may reply without having read, and writes that come later are reset', async () => {
    const { proc } = makeProc(() => (message) => message.write(bytes('no need')))
    const stream = makePeer([proc]).router.open(addressOf(proc), browser)
    expect(text(await readAll(stream))).toBe('no need')
    await expect(stream.write(bytes('x'))).rejects.toMatchObject({ code: 'ERR_NO_READER' })
  })
})

test('serving never rejects: its failure is the stream’s', async () => {
  const [caller, server] = streamPair(addressOf(newPid()), browser)
  await expect(makePeer([]).router.serveStream(server)).resolves.toBeUndefined()
  expect(caller.signal.reason).toMatchObject({ code: 'ERR_NO_PROC' })
})

test('its aliases are this peer and its root process', () => {
  const { proc } = makeProc(() => echo)
  expect(makePeer([proc]).router.aliases).toEqual({ self: SELF, root: proc.pid })
})

describe('a call that is made for others', () => {
  const waiting = (...chain: string[]) => ({
    caller: 'browser',
    context: { chain, onBehalfOf: [], deadlineAt: undefined },
  })

  test('goes to a process that does not wait for it, which knows them', async () => {
    const contexts: CallContext[] = []
    const { proc } = makeProc(
      () =>
        async ({ context }) =>
          void contexts.push(context),
    )
    const now = performance.now()
    const stream = makePeer([proc]).router.open(addressOf(proc), waiting('peer/first'))
    expect(await stream.read()).toBeNull()
    expect(contexts[0]?.chain).toEqual(['peer/first', chainNameOf(SELF, proc.pid)])
    expect(contexts[0]?.deadlineAt).toBeGreaterThanOrEqual(now + proc.policy.deadlineMs)
  })

  test('gives its process no more time than they have', async () => {
    const contexts: CallContext[] = []
    const { proc } = makeProc(
      () =>
        async ({ context }) =>
          void contexts.push(context),
    )
    const init = { caller: 'browser', context: { chain: [], onBehalfOf: [], deadlineAt: 1 } }
    expect(await makePeer([proc]).router.open(addressOf(proc), init).read()).toBeNull()
    expect(contexts[0]?.deadlineAt).toBe(1)
  })

  test('is refused by one that waits for it, here and on its way to another peer', async () => {
    const { proc } = makeProc(() => echo)
    const local = makePeer([proc]).router.open(
      addressOf(proc),
      waiting('peer/a', chainNameOf(SELF, proc.pid), 'peer/b'),
    )
    await expect(local.read()).rejects.toMatchObject({ code: 'ERR_CYCLE' })
    const address = elsewhere()
    const { router, opened } = forwarding()
    const remote = router.open(address, waiting(chainNameOf(OTHER, address.proc)))
    await expect(remote.read()).rejects.toMatchObject({ code: 'ERR_CYCLE' })
    expect(opened).toHaveLength(0)
  })

  test('is refused when too many wait', async () => {
    const { proc } = makeProc(() => echo)
    const { router } = makePeer([proc])
    const chain = Array.from({ length: MAX_CHAIN }, (_, i) => `peer/${i}`)
    await send(router.open(addressOf(proc), waiting(...chain)), 'hello')
    const stream = router.open(addressOf(proc), waiting(...chain, 'peer/more'))
    await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_CYCLE' })
  })
})

describe('calls that cross', () => {
  /** Calls a process once the test lets it, and replies the result. */
  function asking(address: () => Address, peer: () => Router, start: Promise<void>) {
    const asked = Promise.withResolvers<void>()
    const run: Run = async (message) => {
      await start
      const stream = peer().open(address(), { caller: 'browser', context: message.context })
      asked.resolve()
      await stream.closeWrite().catch(() => undefined)
      const said = await readAll(stream).then(text, (thrown: unknown) => toGliaError(thrown).code)
      await message.write(bytes(said))
    }
    return { ...makeProc(() => run), asked: asked.promise }
  }

  test('are not made: the second is refused, and the first gets its reply', async () => {
    const router = (): Router => peer
    const both = Promise.withResolvers<void>()
    const first = asking(() => addressOf(second.proc), router, both.promise)
    const second = asking(() => addressOf(first.proc), router, first.asked)
    const peer = makePeer([first.proc, second.proc]).router
    const replies = [first, second].map(async ({ proc }) => {
      const stream = peer.open(addressOf(proc), browser)
      await stream.closeWrite()
      return text(await readAll(stream))
    })
    both.resolve()
    expect(await replies[1]).toBe('ERR_CYCLE')
    // The reply of the second to a message of the first: again it would call back.
    expect(await replies[0]).toBe('ERR_CYCLE')
  })

  test('are refused over three processes, one of them on another peer', async () => {
    const never = Promise.withResolvers<void>()
    const { proc: a } = makeProc(() => () => never.promise)
    const { proc: b } = makeProc(() => () => never.promise)
    const far = elsewhere()
    const { router } = makePeer([a, b], async (address) => streamPair(address, { caller: SELF })[0])
    const waiting = (from: string, caller = 'browser') => ({
      caller,
      context: { chain: [from], onBehalfOf: [], deadlineAt: undefined },
    })
    router.open(far, waiting(chainNameOf(SELF, a.pid)))
    router.open(addressOf(b), waiting(chainNameOf(OTHER, far.proc), OTHER))
    const back = router.open(addressOf(a), waiting(chainNameOf(SELF, b.pid)))
    await expect(back.read()).rejects.toMatchObject({ code: 'ERR_CYCLE', message: expect.stringContaining('neither') })
  })

  test('are not taken from what a peer says of processes that are not its own', async () => {
    const { proc: victim } = makeProc(() => echo)
    const { proc: friend } = makeProc(() => echo)
    const { router } = makePeer([victim, friend])
    const lie = {
      caller: OTHER,
      context: { chain: [chainNameOf(SELF, victim.pid)], onBehalfOf: [], deadlineAt: undefined },
    }
    const held = router.open(addressOf(friend), lie)
    await held.write(bytes('x'))
    const context = { chain: [chainNameOf(SELF, friend.pid)], onBehalfOf: [], deadlineAt: undefined }
    const call = router.open(addressOf(victim), { caller: 'browser', context })
    await send(call, 'hello')
    expect(text(await readAll(call))).toBe('hello')
    held.abort(new GliaError('ERR_ABORTED', 'over'))
  })

  test('are possible again when the first has ended', async () => {
    const { proc: a } = makeProc(() => echo)
    const { proc: b } = makeProc(() => echo)
    const { router } = makePeer([a, b])
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const context = { chain: [chainNameOf(SELF, from.pid)], onBehalfOf: [], deadlineAt: undefined }
      const call = router.open(addressOf(to), { caller: 'browser', context })
      await send(call, 'hello')
      expect(text(await readAll(call))).toBe('hello')
      await nextTask()
    }
  })
})

describe('a process of another peer', () => {
  test('is asked for by its address, and both directions are whole', async () => {
    const { router, opened, served } = forwarding()
    const address = elsewhere()
    const stream = router.open(address, browser)
    const far = await served
    expect(opened).toMatchObject([{ address }])
    const asked = readAll(far)
    await send(stream, 'question')
    expect(text(await asked)).toBe('question')
    await send(far, 'answer')
    expect(text(await readAll(stream))).toBe('answer')
  })

  test('that cannot be reached is an error of the call', async () => {
    const stream = makePeer([]).router.open(elsewhere(), browser)
    await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  })

  test('is given up while it is being reached', async () => {
    const signals: AbortSignal[] = []
    const { router } = makePeer([], (_, { signal }) => {
      signals.push(signal)
      return new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    })
    const [caller, server] = streamPair(elsewhere(), browser)
    const serving = router.serveStream(server)
    caller.abort(new GliaError('ERR_ABORTED', 'enough'))
    await serving
    expect(signals[0]?.aborted).toBe(true)
  })

  test.each(['ERR_ABORTED', 'ERR_RESET', 'ERR_NO_READER'] as const)(
    'that is reached after the caller gave up with %s is told so',
    async (code) => {
      const reached = Promise.withResolvers<Stream>()
      const { router } = makePeer([], () => reached.promise)
      const address = elsewhere()
      const [caller, server] = streamPair(address, browser)
      const serving = router.serveStream(server)
      caller.abort(new GliaError(code, 'enough'))
      const [near, far] = streamPair(address, browser)
      reached.resolve(near)
      await serving
      await expect(far.read()).rejects.toMatchObject({ code })
    },
  )

  test('that takes no more of the message can still reply', async () => {
    const { router, served } = forwarding()
    const stream = router.open(elsewhere(), browser)
    const far = await served
    await far.closeRead()
    await stream.write(bytes('lost'))
    await send(far, 'enough')
    expect(text(await readAll(stream))).toBe('enough')
  })

  test('that ends its reply in the middle of the message does not take what it has for the whole', async () => {
    const { router, served } = forwarding()
    const stream = router.open(elsewhere(), browser)
    const far = await served
    await stream.write(bytes('a part'))
    expect(await far.read()).toEqual(bytes('a part'))
    await far.closeWrite()
    expect(await stream.read()).toBeNull()
    await expect(far.read()).rejects.toMatchObject({ code: 'ERR_RESET' })
  })

  test('that ends its reply after the message has read the end of both', async () => {
    const { router, served } = forwarding()
    const stream = router.open(elsewhere(), browser)
    const far = await served
    await stream.closeWrite()
    await send(far, 'answer')
    expect(text(await readAll(stream))).toBe('answer')
    expect(await far.read()).toBeNull()
    expect(far.signal.aborted).toBe(false)
  })
})

test('a peer that says nothing is given up at the caller’s deadline, and told so, while it is reached and after', async () => {
  const { router, served } = forwarding()
  const stream = router.open(elsewhere(), { ...browser, context: arrivedContext({ deadlineMs: 20 }) })
  await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  await expect((await served).read()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })

  const { router: unreached } = makePeer([], () => new Promise<never>(() => undefined))
  const waiting = unreached.open(elsewhere(), { ...browser, context: arrivedContext({ deadlineMs: 20 }) })
  await expect(waiting.read()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
})

test('an address without a method is refused before the other peer is asked for its root', async () => {
  const { proc } = makeProc(() => echo)
  const asked: string[] = []
  const router = new Router({
    env: makePeer([proc]).env,
    procs: { rootPid: proc.pid, get: () => proc },
    openRemote: async () => Promise.reject(new Error('nobody calls')),
    rootOf: async (peer) => {
      asked.push(peer)
      return proc.pid
    },
  })
  const { signal } = new AbortController()
  await expect(router.resolve(`/ww/0.1.0/${OTHER}/root`, { signal })).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  expect(asked).toEqual([])
  expect(await router.resolvePlace(`/ww/0.1.0/${OTHER}/root`, { signal })).toEqual({ host: OTHER, proc: proc.pid })
  expect(await router.resolve(`/ww/0.1.0/${OTHER}/root/run`, { signal })).toMatchObject({
    proc: proc.pid,
    method: 'run',
  })
})
