import { expect, test } from 'vitest'
import { INLINE_BYTES } from '../../src/calls/protocol.ts'
import { type StartedBody, startBody } from './request-body.ts'

/** A body that the test sends piece by piece. */
function makeBody() {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined
  const cancelled: unknown[] = []
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void (source = controller),
    cancel: (reason) => void cancelled.push(reason),
  })
  return {
    body,
    cancelled,
    send: (...values: number[]) => source?.enqueue(Uint8Array.from(values)),
    end: () => source?.close(),
    fail: (error: Error) => source?.error(error),
  }
}

function post(body: BodyInit | null, signal?: AbortSignal): Request {
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
  return new Request('https://glia.test/', { ...init, ...(signal && { signal }) })
}

async function restOf({ rest }: StartedBody): Promise<number[]> {
  const values: number[] = []
  for (let next = await rest?.read(); next && !next.done; next = await rest?.read()) values.push(...next.value)
  return values
}

test.each(['GET', 'HEAD'])('%s has no body', async (method) => {
  const started = await startBody(new Request('https://glia.test/', { method }))
  expect(started).toEqual({ first: null, complete: true, rest: null })
})

test('a POST without a body has none', async () => {
  expect(await startBody(post(null))).toEqual({ first: null, complete: true, rest: null })
})

test.each([0, 1, 1000])('a body of %i bytes that is there at once is taken whole', async (size) => {
  const bytes = Uint8Array.from({ length: size }, (_, i) => i)
  expect(await startBody(post(bytes))).toEqual({ first: bytes, complete: true, rest: null })
})

test('where requests show no body, as in Firefox, it is read whole', async () => {
  const request = post(Uint8Array.of(1, 2))
  Object.defineProperty(request, 'body', { value: undefined })
  expect(await startBody(request)).toEqual({ first: Uint8Array.of(1, 2), complete: true, rest: null })
})

test('of a body that trickles the start goes first, and the rest follows in order', async () => {
  const { body, send, end } = makeBody()
  send(1, 2)
  send(3)
  const started = await startBody(post(body))
  expect([started.first, started.complete]).toEqual([Uint8Array.of(1, 2, 3), false])
  send(4)
  send(5, 6)
  end()
  expect(await restOf(started)).toEqual([4, 5, 6])
})

test('a body that has not begun does not hold the call up', async () => {
  const { body, send, end } = makeBody()
  const started = await startBody(post(body))
  expect([started.first?.length, started.complete]).toEqual([0, false])
  send(1)
  end()
  expect(await restOf(started)).toEqual([1])
})

test('of a large body a chunk more than the limit goes first at most, and nothing is lost', async () => {
  const { body, send, end } = makeBody()
  const chunk = Array.from({ length: INLINE_BYTES - 1 }, (_, i) => i % 256)
  send(...chunk)
  send(...chunk)
  send(7)
  end()
  const started = await startBody(post(body))
  expect([started.first?.length, started.complete]).toEqual([2 * chunk.length, false])
  expect(await restOf(started)).toEqual([7])
})

test('an upload that is aborted is not taken for a shorter one, at its start or later', async () => {
  const aborter = new AbortController()
  const { body, send, end } = makeBody()
  send(1)
  // Chromium ends such a body as if it were whole.
  const request = post(body)
  Object.defineProperty(request, 'signal', { value: aborter.signal })
  const started = await startBody(request)
  aborter.abort()
  end()
  await expect(restOf(started)).rejects.toMatchObject({ name: 'AbortError' })
  const early = post(Uint8Array.of(1))
  Object.defineProperty(early, 'signal', { value: aborter.signal })
  await expect(startBody(early)).rejects.toMatchObject({ name: 'AbortError' })
})

test('a body that fails at its start fails the call; one that fails later fails the read, also if nobody reads yet', async () => {
  const lost = new TypeError('network lost')
  const [early, late, large] = [makeBody(), makeBody(), makeBody()]
  early.fail(lost)
  await expect(startBody(post(early.body))).rejects.toBe(lost)
  late.send(1)
  large.send(...Array.from({ length: INLINE_BYTES }, () => 1))
  for (const { body, fail } of [late, large]) {
    const started = await startBody(post(body))
    fail(lost)
    // Nobody reads for a while.
    await new Promise(setImmediate)
    await expect(restOf(started)).rejects.toBe(lost)
  }
})

test('who gives the rest up gives the body up', async () => {
  const { body, send, cancelled } = makeBody()
  send(1)
  const { rest } = await startBody(post(body))
  await rest?.cancel('enough')
  expect(cancelled).toEqual(['enough'])
})
