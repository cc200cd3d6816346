import { expect, test } from 'vitest'
import { GliaError } from '../errors.ts'
import type { HttpApi } from './http.ts'
import { exitOf } from './http-exit.ts'
import { type Exchange, openOverHttp } from './http-stream.ts'
import { chainNameOf } from '../chain-name.ts'
import { newPid } from '../pid.ts'
import type { Stream } from '../stream/stream.ts'
import { acceptStreams } from '../stream/stream.acceptance.ts'
import { streamPair } from '../stream/stream-pair.ts'
import { addressOf, bytes, counter, echo, loop, makePeer, makeProc, OTHER, SELF, send, text } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

/** The HTTP API of a peer as an exchange, without a network. */
function exchangeWith(http: HttpApi): Exchange {
  return async ({ path, body, signal, context, bodyBytes }) => {
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, signal, duplex: 'half' }
    const response = await http(new Request(`http://glia.test${path}`, init), { context, bodyBytes, tellsExit: true })
    return { status: response.status, body: response.body, exit: exitOf(response) }
  }
}

acceptStreams('a call over HTTP to a router that passes it on', {
  endsWithReply: true,
  open: async () => {
    const serverEnd = Promise.withResolvers<Stream>()
    const { http } = makePeer([], async (address) => {
      const [near, far] = streamPair(address, { caller: 'browser' })
      serverEnd.resolve(far)
      return near
    })
    const caller = openOverHttp(addressOf(newPid(), 'run', OTHER), exchangeWith(http))
    return [caller, await serverEnd.promise]
  },
})

test('a message of some MB comes back from an echo process while it is still being sent', async () => {
  const { proc } = makeProc(() => echo)
  const stream = openOverHttp(addressOf(proc), exchangeWith(makePeer([proc]).http))
  const message = new Uint8Array(3_000_000)
  for (let i = 0; i < message.length; i++) message[i] = i * 7
  await stream.write(message.subarray(0, 10))
  expect((await stream.read())?.length).toBe(10)
  const [reply] = await Promise.all([readAll(stream), send(stream, message.subarray(10))])
  expect(Buffer.compare(reply, message.subarray(10))).toBe(0)
})

test('the calls that it is made for go with it', async () => {
  const { proc } = makeProc(
    () =>
      async ({ context, write }) =>
        write(bytes(JSON.stringify(context.chain))),
  )
  const exchange = exchangeWith(makePeer([proc]).http)
  const waiting = { chain: [chainNameOf(OTHER, 'caller')], onBehalfOf: [], deadlineAt: undefined }
  const stream = openOverHttp(addressOf(proc), exchange, { context: waiting })
  expect(JSON.parse(text(await readAll(stream)))).toEqual([chainNameOf(OTHER, 'caller'), chainNameOf(SELF, proc.pid)])
  const back = openOverHttp(addressOf(proc), exchange, {
    context: { ...waiting, chain: [chainNameOf(SELF, proc.pid)] },
  })
  await expect(back.read()).rejects.toMatchObject({ code: 'ERR_CYCLE' })
})

test('a message that says that it is too large is refused before it is sent', async () => {
  const { proc } = makeProc(() => echo, { policy: { maxMessageBytes: 8 } })
  const exchange = exchangeWith(makePeer([proc]).http)
  const stream = openOverHttp(addressOf(proc), exchange, { expectedBytes: 9 })
  await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
  const fitting = openOverHttp(addressOf(proc), exchange, { expectedBytes: 8 })
  const [reply] = await Promise.all([readAll(fitting), send(fitting, '12345678')])
  expect(text(reply)).toBe('12345678')
})

test('a reply that does not wait for the end of the message is whole', async () => {
  const { proc } = makeProc(counter)
  const stream = openOverHttp(addressOf(proc), exchangeWith(makePeer([proc]).http))
  expect(text(await readAll(stream))).toBe('1')
})

test('an exchange that drops the rest of the message does not take the reply with it', async () => {
  const exchange: Exchange = async ({ body }) => {
    await body.cancel()
    return { status: 200, body: new Response('enough').body }
  }
  const stream = openOverHttp(addressOf(newPid()), exchange)
  expect(text(await readAll(stream))).toBe('enough')
})

test('giving up ends the call at the other peer', async () => {
  const { proc, failures } = makeProc(() => loop, { policy: { deadlineMs: 5000, mailbox: 0 } })
  const { http } = makePeer([proc])
  const first = openOverHttp(addressOf(proc), exchangeWith(http))
  await expect(readAll(openOverHttp(addressOf(proc), exchangeWith(http)))).rejects.toMatchObject({
    code: 'ERR_MAILBOX_FULL',
  })
  first.abort(new GliaError('ERR_ABORTED', 'enough'))
  await expect(first.read()).rejects.toThrow('enough')
  proc.kill()
  await expect.poll(() => failures.map(({ code }) => code)).toEqual(['ERR_MAILBOX_FULL', 'ERR_ABORTED'])
})

test('a page of some proxy instead of the API’s JSON is a peer out of reach', async () => {
  const exchange: Exchange = async () => ({ status: 418, body: new Response('<h1>short and stout</h1>').body })
  await expect(openOverHttp(addressOf(newPid()), exchange).read()).rejects.toMatchObject({
    code: 'ERR_UNREACHABLE',
    message: expect.stringContaining('418') as unknown,
  })
})

test('an error with a code that nobody knows is a peer out of reach', async () => {
  const body = (): Response['body'] => Response.json({ code: 'ERR_NEW', message: 'from the future' }).body
  await expect(
    openOverHttp(addressOf(newPid()), async () => ({ status: 500, body: body() })).read(),
  ).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
})

test('an exchange that fails is a peer out of reach, and keeps its cause', async () => {
  const cause = new TypeError('fetch failed')
  const stream = openOverHttp(addressOf(newPid()), async () => Promise.reject(cause))
  await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_UNREACHABLE', message: 'fetch failed', cause })
})
