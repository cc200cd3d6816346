import { expect, test } from 'vitest'
import { createHttp } from '../glia/http/http.ts'
import { formatAddress } from '../glia/address.ts'
import { echo, makePeer, makeProc, send } from '../glia/test-peer.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import { joinedPair } from './test-nodes.ts'

test('another peer refuses a message that says that it is too large before anything of it is sent', async () => {
  const { proc } = makeProc(() => echo, { policy: { maxMessageBytes: 8 } })
  const { caller, callee } = await joinedPair(proc)
  const address = callee.addressOf(proc)
  const large = caller.router.open(address, { caller: 'browser', expectedBytes: 9 })
  await expect(large.read()).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
  const fitting = caller.router.open(address, { caller: 'browser', expectedBytes: 8 })
  const [reply] = await Promise.all([readAll(fitting), send(fitting, '12345678')])
  expect(reply.length).toBe(8)
})

test('over HTTP that is a 413, while the body has not begun', async () => {
  const { proc } = makeProc(() => echo, { policy: { maxMessageBytes: 8 } })
  const { caller, callee } = await joinedPair(proc)
  const http = createHttp({ env: makePeer([]).env, router: caller.router })
  let asked = 0
  // Nothing is buffered ahead: each chunk is asked for.
  const body = new ReadableStream<Uint8Array>({ pull: () => void (asked += 1) }, { highWaterMark: 0 })
  const url = `http://glia.test${formatAddress(callee.addressOf(proc))}`
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
  const response = await http(new Request(url, init), { bodyBytes: 9 })
  expect(response.status).toBe(413)
  expect(asked).toBeLessThanOrEqual(1)
})
