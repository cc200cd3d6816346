import { once } from 'node:events'
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import type { CallReply } from '../../glia/http/http-calls.ts'
import { EXIT_HEADER, noteExit } from '../../glia/http/http-exit.ts'
import { type Handlers, type HttpHandler, requestListener } from './request-listener.ts'

let server: Server | undefined

afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

async function open(
  handler: HttpHandler,
  {
    maxBodyBytes = 1000,
    bodyIdleMs = 5000,
    call = undefined as Handlers['call'],
    lingering = { inAllMs: 1000, idleMs: 1000 },
  } = {},
): Promise<number> {
  const limits = { maxBodyBytes, bodyIdleMs }
  server = createServer({ requestTimeout: 0 }, requestListener({ fetch: handler, call }, limits, lingering))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A POST whose body the test writes, and everything that comes back on its connection. */
async function post(
  port: number,
  head = 'Transfer-Encoding: chunked',
): Promise<{ socket: Socket; all: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const all = (async () => {
    let text = ''
    socket.on('data', (data) => (text += String(data)))
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).on('error', () => undefined))
    return text
  })()
  socket.write(`POST /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${head}\r\n\r\n`)
  return { socket, all }
}

test('a proxy on this machine tells for whom it asks', async () => {
  const port = await open((_request, { client }) => new Response(client))
  const ask = async (headers: Record<string, string>): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()
  expect(await ask({})).toBe('127.0.0.1')
  expect(await ask({ 'x-forwarded-for': '203.0.113.9' })).toBe('203.0.113.9')
  // The client may have written the first entry. The proxy adds the last.
  expect(await ask({ 'x-forwarded-for': '10.0.0.1, 203.0.113.9' })).toBe('203.0.113.9')
})

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

test('a reply streams while its request is still being sent', async () => {
  const port = await open(({ body }) => new Response(body))
  const call = httpRequest({ port, method: 'POST', path: '/' })
  call.flushHeaders()
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  for (const text of ['one', 'two', 'three']) {
    call.write(text)
    const [echoed] = (await once(reply, 'data')) as [Buffer]
    expect(echoed.toString()).toBe(text)
  }
  call.end()
  await once(reply, 'end')
})

test('a reply may end before its request: it arrives whole, and what the client still sends is dropped', async () => {
  const port = await open(async ({ body }) => {
    const reader = body?.getReader()
    const first = await reader?.read()
    await reader?.cancel()
    return new Response(first?.value)
  })
  const { socket, all } = await post(port)
  socket.write(chunk('enough'))
  const more = setInterval(() => socket.write(chunk('more')), 10)
  const text = await all
  clearInterval(more)
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(text).toMatch(/6\r\nenough\r\n0\r\n\r\n$/)
})

test('a client that sends slowly finishes some time after its answer', async () => {
  const early = async ({ body }: Request): Promise<Response> => {
    await body?.cancel()
    return new Response('early')
  }
  const port = await open(early, { lingering: { inAllMs: 30_000, idleMs: 300 } })
  const call = httpRequest({ port, method: 'POST', path: '/' })
  call.write('some')
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  let text = ''
  reply.on('data', (data) => (text += String(data)))
  const closed = once(call, 'close')
  // In all longer than a socket is kept without a byte.
  for (let i = 0; i < 10; i++) {
    await setTimeout(50)
    call.write('more')
  }
  call.end()
  await closed
  expect([text, reply.complete, call.writableFinished, call.errored]).toEqual(['early', true, true, null])
})

test('a verb that no request can have is told which there are', async () => {
  const port = await open(() => new Response('never'))
  const call = httpRequest({ port, method: 'TRACE', path: '/ww/0.1.0/self/root/echo' }).end()
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  expect([reply.statusCode, reply.headers.allow]).toEqual([405, 'GET, HEAD, POST, OPTIONS'])
})

test('a reply that fails after its head breaks off, and never ends as if it were whole', async () => {
  let arrived = Promise.resolve()
  const port = await open(() => {
    let pulled = 0
    const body = new ReadableStream({
      async pull(controller) {
        pulled += 1
        if (pulled === 1) return controller.enqueue(new TextEncoder().encode('half'))
        await arrived
        controller.error(new GliaError('ERR_RESET', 'the peer went away'))
      },
    })
    return new Response(body)
  })
  const { all } = await post(port, 'Content-Length: 0')
  const text = await all
  expect(text).toContain('4\r\nhalf\r\n')
  expect(text).not.toMatch(/0\r\n\r\n$/)
  await expect(fetch(`http://127.0.0.1:${port}/`).then((reply) => reply.text())).rejects.toThrow('terminated')
  const old = connect(port, '127.0.0.1')
  arrived = once(old, 'data').then(() => undefined)
  old.write('GET / HTTP/1.0\r\n\r\n')
  const [error] = (await once(old, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNRESET')
})

test('a client that goes away aborts the call and cancels its reply', async () => {
  const aborted = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  const outcome = Promise.withResolvers<string>()
  const port = await open(({ signal }, { onDone }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    onDone(outcome.resolve)
    return new Response(new ReadableStream({ cancel: () => cancelled.resolve() }))
  })
  const { socket } = await post(port)
  await once(socket, 'data')
  socket.destroy()
  await Promise.all([aborted.promise, cancelled.promise])
  expect(await outcome.promise).toBe('broken')
})

test('a body that its reader ends late is whole, though Node has closed it by then', async () => {
  const port = await open(async (_request, { body, incoming }) => {
    const closed = once(incoming, 'close')
    await once(incoming, 'readable')
    await vi.waitFor(() => expect(incoming.complete).toBe(true))
    const first = await body?.read()
    await closed
    return Response.json([first?.length, await body?.read()])
  })
  const { socket, all } = await post(port, 'Content-Length: 4')
  socket.write('text')
  expect(await all).toContain('[4,null]')
})

test('a client that goes away in the middle of its message fails the body, as one that is cut off', async () => {
  const failed = Promise.withResolvers<unknown>()
  const port = await open(async (request) => {
    await request.text().catch(failed.resolve)
    return new Response()
  })
  const { socket } = await post(port, 'Content-Length: 10')
  socket.write('half')
  socket.end()
  expect(await failed.promise).toMatchObject({ code: 'ERR_ABORTED' })
})

test('a body that is too large, or stops, fails with its reason', async () => {
  const port = await open(
    async (request) => {
      try {
        return new Response(await request.text())
      } catch (thrown) {
        return Response.json(thrown)
      }
    },
    { maxBodyBytes: 8, bodyIdleMs: 50 },
  )
  const large = await post(port)
  large.socket.write(chunk('more than'))
  expect(await large.all).toContain('ERR_MESSAGE_TOO_LARGE')
  const silent = await post(port)
  silent.socket.write(chunk('half'))
  expect(await silent.all).toContain('ERR_DEADLINE')
})

test('a client that does not read its reply is let go', async () => {
  const outcome = Promise.withResolvers<string>()
  const port = await open(
    (_request, { onDone }) => {
      onDone(outcome.resolve)
      return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(100_000)) }))
    },
    { bodyIdleMs: 50 },
  )
  const { socket } = await post(port, 'Content-Length: 0')
  socket.pause()
  expect(await outcome.promise).toBe('broken')
})

test('HEAD has no body, and cancels that of the reply', async () => {
  const cancelled = Promise.withResolvers<void>()
  const port = await open(() => new Response(new ReadableStream({ cancel: () => cancelled.resolve() })))
  const reply = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' })
  expect(await reply.text()).toBe('')
  await cancelled.promise
})

test.each(['GET http://[bad HTTP/1.1'])('%s is answered with 400', async (line) => {
  const port = await open(() => new Response())
  const socket = connect(port, '127.0.0.1')
  socket.write(`${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  const [text] = (await once(socket, 'data')) as [Buffer]
  expect(text.toString()).toMatch(/^HTTP\/1\.1 400 /)
})

test('the exit code of a program whose output is under way already comes as a trailer', async () => {
  const exit = new GliaError('ERR_EXITED', 'It exited with 3.', { exitCode: 3 })
  const port = await open(() => noteExit(new Response('output'), Promise.resolve(exit)))
  const call = httpRequest({ port, method: 'POST', path: '/' }).end()
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  reply.resume()
  await once(reply, 'end')
  expect(reply.trailers).toEqual({ [EXIT_HEADER]: '3' })
})

/** A reply of a call, whose later pieces come when the test says so. */
function replyOf(first: string | null, exit?: GliaError) {
  const rest = Promise.withResolvers<Uint8Array | null>()
  const aborted = Promise.withResolvers<Error>()
  rest.promise.catch(() => undefined)
  const pieces = [rest.promise]
  const reply: CallReply = {
    headers: { 'content-type': 'text/plain' },
    first: first === null ? null : Buffer.from(first),
    read: async () => pieces.shift() ?? null,
    abort: (reason) => {
      aborted.resolve(reason)
      rest.reject(reason)
    },
    ended: Promise.resolve(exit),
  }
  return { reply, rest, aborted: aborted.promise }
}

const never: HttpHandler = () => {
  throw new Error('answered by the other handler')
}

test.each(['hello', null])('the reply %j of a call that has ended is sent with its length', async (first) => {
  const { reply, rest } = replyOf(first)
  rest.resolve(null)
  const port = await open(never, { call: async () => reply })
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' })
  expect([response.status, await response.text()]).toEqual([200, first ?? ''])
  expect(response.headers.get('content-length')).toBe(String(first?.length ?? 0))
  expect(response.headers.get('transfer-encoding')).toBeNull()
})

test('the first bytes of a reply go out before it ends, and the exit code comes behind the last', async () => {
  const exit = new GliaError('ERR_EXITED', 'It exited with 3.', { exitCode: 3 })
  const { reply, rest } = replyOf('one', exit)
  const port = await open(never, { call: async () => reply })
  const call = httpRequest({ port, method: 'POST', path: '/' }).end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  const [one] = (await once(response, 'data')) as [Buffer]
  expect(String(one)).toBe('one')
  const ended = once(response, 'end')
  rest.resolve(Buffer.from('two'))
  const [two] = (await once(response, 'data')) as [Buffer]
  expect(String(two)).toBe('two')
  await ended
  expect(response.trailers).toEqual({ [EXIT_HEADER]: '3' })
})

test('a reply that fails after its first bytes is broken off, with the reason', async () => {
  const { reply, rest } = replyOf('one')
  rest.reject(new GliaError('ERR_TRAPPED', 'on purpose'))
  const port = await open(never, { call: async () => reply })
  const { all } = await post(port, 'Content-Length: 0')
  expect(await all).toMatch(/^HTTP\/1\.1 200 [^]*one[^]*glia-error: .*on purpose/)
})

test('a client that goes away cancels the reply of its call', async () => {
  const { reply, aborted } = replyOf('one')
  const port = await open(never, { call: async () => reply })
  const { socket } = await post(port, 'Content-Length: 0')
  await once(socket, 'data')
  socket.destroy()
  expect(await aborted).toMatchObject({ code: 'ERR_ABORTED' })
})
