import { afterEach, expect, test, vi } from 'vitest'
import { type CallContext, contextMessage, NO_CONTEXT } from '../glia/call-context.ts'
import { DEFAULT_POLICY } from '../glia/process/policy.ts'
import { echo, makePeer, makeProc, OTHER, pathTo } from '../glia/test-peer.ts'
import { DeathWatch } from './life-lock.ts'
import { callOverPort } from './port-caller.ts'
import { type CallMessage, newLifeLock, readToTab } from './protocol.ts'
import { serveCall } from './served-call.ts'

afterEach(() => vi.unstubAllGlobals())

/** Web Locks, which Node 20 does not have. Nobody dies here. */
class NoDeaths extends DeathWatch {
  override onDeath(): () => void {
    return () => undefined
  }
}

/** A process of this peer, the context of its last call, and how another tab passes calls on to it. */
function tab() {
  vi.stubGlobal('location', { origin: 'http://glia.test' })
  const seen: CallContext[] = []
  const { proc } = makeProc(() => async (message, actor, method) => {
    seen.push(message.context)
    await echo(message, actor, method)
  })
  const deaths = new NoDeaths()
  const pass = async (context: CallContext, body?: ReadableStream<Uint8Array>, bodyBytes?: number): Promise<number> => {
    const { port1, port2 } = new MessageChannel()
    const call: CallMessage = {
      type: 'glia:call',
      callerLock: newLifeLock(),
      deadline: Date.now() + 5000,
      clientId: 'page',
      method: 'POST',
      path: pathTo('root'),
      headers: [],
      first: null,
      complete: body === undefined,
      bodyBytes,
      context: contextMessage(context),
    }
    const sent = readToTab(structuredClone(call))
    if (sent?.type === 'glia:call') serveCall(sent, port2, { api: makePeer([proc]).http, lock: newLifeLock(), deaths })
    const { signal } = new AbortController()
    return (await callOverPort({ port: port1, body: body?.getReader() ?? null, signal, deaths })).status
  }
  return { pass, seen }
}

test('a call that goes on to another tab keeps for which client of a gateway it is made', async () => {
  const { pass, seen } = tab()
  const context = { chain: [], onBehalfOf: [OTHER], deadlineAt: undefined }
  for (const client of ['one', 'other', undefined]) expect(await pass({ ...context, client })).toBe(200)
  expect(seen.map(({ client }) => client)).toEqual(['one', 'other', undefined])
  expect(seen[0]).toMatchObject({ onBehalfOf: [OTHER] })
})

test('another tab refuses a message that says that it is too large before it has come', async () => {
  const { pass } = tab()
  const endless = new ReadableStream<Uint8Array>()
  expect(await pass(NO_CONTEXT, endless, DEFAULT_POLICY.maxMessageBytes + 1)).toBe(413)
})
