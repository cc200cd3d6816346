import { describe, expect, test, vi } from 'vitest'
import { type ErrorCode, GliaError } from '../errors.ts'
import { createHttp, type HttpApi } from './http.ts'
import { chainNameOf } from '../chain-name.ts'
import { fields } from '../untrusted.ts'
import type { AskListing } from '../listing.ts'
import { EXIT_HEADER, exitOf } from './http-exit.ts'
import { newPid } from '../pid.ts'
import type { Proc } from '../process/proc.ts'
import {
  bytes,
  echo,
  loop,
  makePeer,
  makeProc,
  OTHER,
  pathTo,
  type Run,
  SELF,
  type TestProcInit,
  untilAborted,
} from '../test-peer.ts'

interface Ask {
  method?: string
  body?: BodyInit
  headers?: Record<string, string>
  signal?: AbortSignal
}

function request(path: string, { method = 'POST', ...rest }: Ask = {}): Request {
  const init: RequestInit & { duplex: 'half' } = { method, duplex: 'half', ...rest }
  return new Request(`http://glia.test${path}`, init)
}

/** The HTTP API of a peer with one process. */
function api(run: Run, init?: TestProcInit): { http: HttpApi; proc: Proc; path: string; failures: GliaError[] } {
  const { proc, failures } = makeProc(() => run, init)
  return { ...makePeer([proc]), proc, failures, path: pathTo('root') }
}

const failing =
  (code: ErrorCode): Run =>
  async () => {
    throw new GliaError(code, 'on purpose')
  }

describe('what is read with GET', () => {
  const { http, proc } = api(echo)

  test.each([
    ['/status', 'text/plain; charset=utf-8', `ww/0.1.0/${SELF}/${proc.pid}`],
    ['/version', 'text/plain; charset=utf-8', 'ww/0.1.0'],
    ['/root', 'text/plain; charset=utf-8', proc.pid],
    ['/info', 'application/json', JSON.stringify({ ID: SELF, Addrs: ['/ip4/127.0.0.1/tcp/4001'] })],
  ])('%s is %s', async (path, type, expected) => {
    const response = await http(request(path, { method: 'GET' }))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type)
    expect(await response.text()).toBe(expected)

    const head = await http(request(path, { method: 'HEAD' }))
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, type, ''])
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('takes no %s', async (method) => {
    for (const path of ['/status', '/version', '/root', '/info']) {
      const response = await http(request(path, { method }))
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
      expect(await response.json()).toMatchObject({ code: 'ERR_BAD_VERB' })
    }
  })

  test('a query is no part of the path', async () => {
    expect((await http(request('/root?x=/ww/', { method: 'GET' }))).status).toBe(200)
  })
})

test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('an address takes no %s, only POST', async (method) => {
  const { http, path, proc } = api(echo)
  const response = await http(request(path, { method }))
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  expect(proc.messages).toBe(0)
})

test.each(['/', '/nothing', '/ipfs/v0/add', '/status/more', '/wwx/0.1.0/self/root/run'])(
  'the API has no path %s',
  async (path) => {
    const response = await api(echo).http(request(path))
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'ERR_NO_PATH' })
  },
)

test.each([
  'nothing at all',
  '/ww/0.1.0/self/root',
  '/ww/0.1.0/self/root/run/',
  '/ww/0.2.0/self/root/run',
  '/ww/0.1.0/nobody/root/run',
  '/ww/0.1.0/self/123/run',
  '/ww/0.1.0/self/root/a%2Fb',
  '/ww/0.1.0/self/root/%E0%A4%A',
])('%s is a bad address', async (path) => {
  const response = await api(echo).http(request(path.startsWith('/') ? path : '/ww'))
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: 'ERR_BAD_ADDRESS' })
})

test('a POST is a message, and the reply is its body', async () => {
  const { http, path } = api(echo)
  const response = await http(request(path, { body: 'hello' }))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(await response.text()).toBe('hello')
})

test('a POST without a body is an empty message, and an empty reply is a good one', async () => {
  const { http, path } = api(echo)
  const response = await http(request(path))
  expect([response.status, await response.text()]).toEqual([200, ''])
})

test('the body may come beside a request that cannot have one, as in Firefox', async () => {
  const { http, path } = api(echo)
  const { body } = new Response('beside')
  expect(await (await http(request(path), { body })).text()).toBe('beside')
})

test('the reply starts before the message has ended', async () => {
  const { http, path } = api(echo)
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  void writer.write(bytes('first'))
  const { body } = await http(request(path, { body: readable }))
  const reader = body?.getReader()
  expect((await reader?.read())?.value).toEqual(bytes('first'))
  void writer.write(bytes('second'))
  expect((await reader?.read())?.value).toEqual(bytes('second'))
  await writer.close()
  expect((await reader?.read())?.done).toBe(true)
})

test('a method’s name may need percent-encoding', async () => {
  const { http } = api(echo, { methods: ['größe 2'] })
  const response = await http(request(pathTo('root', encodeURIComponent('größe 2')), { body: 'x' }))
  expect(await response.text()).toBe('x')
})

describe('what a peer lists', () => {
  const process = { pid: newPid(), name: 'counter', methods: ['increment'] }
  const listing = (listingOf?: AskListing) => {
    const { env, router } = makePeer([makeProc(() => echo).proc])
    const http = createHttp({ env, router, listed: () => [process], listingOf })
    return async (host: string, ask: Ask = { method: 'GET' }) => http(request(`/ww/0.1.0/${host}/listed`, ask))
  }

  test('is JSON, of this peer and of another one', async () => {
    const asked: string[] = []
    const list = listing(async (peer) => {
      asked.push(peer)
      return []
    })
    for (const host of ['self', SELF]) {
      const response = await list(host)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toEqual([process])
    }
    expect(await (await list(OTHER)).json()).toEqual([])
    expect(asked).toEqual([OTHER])
    expect((await list(OTHER, { method: 'HEAD' })).status).toBe(200)
  })

  test('is asked for with GET, and of a peer', async () => {
    const list = listing(async () => [])
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = await list(OTHER, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
    const wrong = await list('nobody')
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: 'ERR_BAD_ADDRESS' }])
  })

  test('ends with the failure of the peer, and with its caller', async () => {
    const gone = listing(async () => Promise.reject(new GliaError('ERR_UNREACHABLE', 'gone')))
    expect((await gone(OTHER)).status).toBe(502)
    const aborter = new AbortController()
    const silent = listing(() => new Promise(() => undefined))(OTHER, { method: 'GET', signal: aborter.signal })
    aborter.abort()
    expect(await (await silent).json()).toMatchObject({ code: 'ERR_ABORTED' })
    expect((await listing()(OTHER)).status).toBe(502)
  })

  test('is waited for for 15 s', async () => {
    vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(AbortSignal.abort(new DOMException('late', 'TimeoutError')))
    const response = await listing(() => new Promise(() => undefined))(OTHER)
    expect([response.status, await response.json()]).toMatchObject([504, { code: 'ERR_DEADLINE' }])
    vi.restoreAllMocks()
  })
})

describe('a failure before the reply has begun', () => {
  const statuses: [ErrorCode, number][] = [
    ['ERR_BAD_REQUEST', 400],
    ['ERR_BAD_MODULE', 400],
    ['ERR_TRAPPED', 500],
    ['ERR_EXITED', 500],
    ['ERR_FAILED', 500],
    ['ERR_START', 500],
    ['ERR_INTERNAL', 500],
    ['ERR_STORAGE', 500],
    ['ERR_RESET', 502],
    ['ERR_NO_READER', 502],
    ['ERR_PROTOCOL', 502],
    ['ERR_NO_TAB', 503],
    ['ERR_LIVE_LIMIT', 503],
    ['ERR_PROC_STOPPED', 503],
    ['ERR_CYCLE', 508],
  ]

  test.each(statuses)('of the process, %s, has the status %d', async (code, status) => {
    const { http, path } = api(failing(code))
    expect(await errorOf(http(request(path)))).toMatchObject({ status, code, message: 'on purpose', peer: SELF })
  })

  test('of the policy has the status 403', async () => {
    const { http, path } = api(echo, { policy: { callers: 'browser' } })
    expect(await errorOf(http(request(path), { caller: OTHER }))).toMatchObject({
      status: 403,
      code: 'ERR_DENIED',
    })
  })

  test('for want of the process or the method has the status 404', async () => {
    const { http } = api(echo)
    expect(await errorOf(http(request(pathTo(newPid()))))).toMatchObject({ status: 404, code: 'ERR_NO_PROC' })
    expect(await errorOf(http(request(pathTo('root', 'walk'))))).toMatchObject({
      status: 404,
      code: 'ERR_NO_METHOD',
    })
  })

  test('for the size of the message has the status 413, also when only the body tells', async () => {
    const { http, path, failures } = api(echo, { policy: { maxMessageBytes: 4 } })
    const tooLarge = { code: 'ERR_MESSAGE_TOO_LARGE' }
    const headers = { 'content-length': '5' }
    expect(await errorOf(http(request(path, { body: '12345' }), { bodyBytes: 5 }))).toMatchObject({
      status: 413,
      ...tooLarge,
    })
    expect(await errorOf(http(request(path, { headers })))).toMatchObject({ status: 413, ...tooLarge })
    expect(await errorOf(http(request(path, { body: '12345' })))).toMatchObject({ status: 413, ...tooLarge })
    expect((await http(request(path, { body: '1234' }), { bodyBytes: 4 })).status).toBe(200)
    expect(failures).toHaveLength(3)
  })

  test('of a full mailbox has the status 429', async () => {
    const { http, path, proc } = api(loop, { policy: { mailbox: 0 } })
    const running = http(request(path))
    await expect.poll(() => proc.state).toBe('busy')
    expect(await errorOf(http(request(path)))).toMatchObject({ status: 429, code: 'ERR_MAILBOX_FULL' })
    proc.kill()
    expect(await errorOf(running)).toMatchObject({ status: 503, code: 'ERR_PROC_STOPPED' })
  })

  test.each(statuses)('of the process, %s (%d), says when to try again if that may help', async (code, status) => {
    const { http, path } = api(failing(code))
    const { headers } = await http(request(path))
    expect(headers.get('retry-after')).toBe(status === 503 ? '1' : null)
  })

  test('to reach the peer has the status 502', async () => {
    const { http } = api(echo)
    expect(await errorOf(http(request(pathTo(newPid(), 'run', OTHER))))).toMatchObject({
      status: 502,
      code: 'ERR_UNREACHABLE',
    })
  })

  test('to end in time has the status 504', async () => {
    const { http, path } = api(untilAborted, { policy: { deadlineMs: 10 } })
    expect(await errorOf(http(request(path)))).toMatchObject({ status: 504, code: 'ERR_DEADLINE' })
  })
})

test('a failure after the head breaks the body and does not end it', async () => {
  const { http, path } = api(async (message) => {
    await message.write(bytes('part'))
    throw new GliaError('ERR_TRAPPED', 'on purpose')
  })
  const response = await http(request(path))
  expect(response.status).toBe(200)
  await expect(response.text()).rejects.toThrow('on purpose')
})

test('what the deadline cuts off is not a whole reply either', async () => {
  const { http, path } = api(
    async (message, actor, method) => {
      await message.write(bytes('part'))
      await untilAborted(message, actor, method)
    },
    { policy: { deadlineMs: 10 } },
  )
  await expect((await http(request(path))).text()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
})

test('no reply can run as a page, be framed, be embedded by another site or stay in a cache', async () => {
  const { http, path } = api(async (message) => message.write(bytes('<script>alert(1)</script>')))
  const replies = [
    await http(request(path)),
    await http(request('/status', { method: 'GET' })),
    await http(request('/info', { method: 'HEAD' })),
    await http(request('/nothing')),
    await http(request(path, { method: 'GET' })),
  ]
  for (const { headers } of replies) {
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
    expect(headers.get('content-type')).not.toMatch(/html|xml|script/)
  }
})

describe('a caller that goes away', () => {
  test('while the process runs ends the call', async () => {
    const { http, path, proc, failures } = api(untilAborted)
    const aborter = new AbortController()
    const reply = http(request(path, { signal: aborter.signal }))
    await expect.poll(() => proc.state).toBe('busy')
    aborter.abort()
    expect(await errorOf(reply)).toMatchObject({ status: 499, code: 'ERR_ABORTED' })
    await expect.poll(() => failures.map(({ code }) => code)).toEqual(['ERR_ABORTED'])
    expect(proc.state).toBe('idle')
  })

  test('before the call is made has it not run', async () => {
    const { http, path, proc } = api(echo)
    expect(await errorOf(http(request(path, { signal: AbortSignal.abort() })))).toMatchObject({
      status: 499,
      code: 'ERR_ABORTED',
    })
    expect(proc.messages).toBe(0)
  })

  test('in the middle of the reply ends the call', async () => {
    const { http, path, failures } = api(async (message) => {
      for (;;) await message.write(new Uint8Array(100_000))
    })
    const { body } = await http(request(path))
    const reader = body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await expect.poll(() => failures.map(({ code }) => code)).toEqual(['ERR_ABORTED'])
  })

  test('in the middle of the message ends the call, which does not take the part for the whole', async () => {
    const { http, path, failures } = api(echo)
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const sender = writable.getWriter()
    void sender.write(bytes('part'))
    const response = await http(request(path, { body: readable }))
    await sender.abort(new TypeError('network lost'))
    await expect(response.text()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    await expect.poll(() => failures.map(({ code }) => code)).toEqual(['ERR_ABORTED'])
  })
})

/** The status and the JSON of an error response. */
async function errorOf(answer: Promise<Response>): Promise<object> {
  const response = await answer
  const type = response.headers.get('content-type')
  if (type !== 'application/problem+json') throw new Error(`No error of the API: ${response.status}, ${type}`)
  const { detail, ...problem } = (await response.json()) as { status: number; detail: string; message: string }
  expect(problem).toMatchObject({ status: response.status, message: detail })
  return problem
}

test('a call is in the trace of its request, and so are the calls that are made for it', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const { http, path } = api(async ({ context, write }) => write(bytes(context.trace ?? 'none')))
  const traced = await http(request(path, { headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } }))
  const heard = await traced.text()
  expect(heard).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`))
  expect(traced.headers.get('traceparent')).toBe(heard)
  const plain = await http(request(path, { headers: { traceparent: 'nonsense' } }))
  expect([await plain.text(), plain.headers.get('traceparent')]).toEqual(['none', null])
})

describe('a program that exits with a code other than 0', () => {
  /** Writes the text of its message, and exits with 3. */
  const exiting: Run = async (message) => {
    for (let chunk = await message.read(); chunk !== null; chunk = await message.read()) await message.write(chunk)
    throw new GliaError('ERR_EXITED', 'run exited with code 3.', { exitCode: 3 })
  }
  const okExits = { policy: { okExits: [3] } }
  const long = 'x'.repeat(100_000)
  const codeOf = ({ headers }: Response): string | null => headers.get(EXIT_HEADER)

  test('fails its call, with the code in the head if it has written nothing', async () => {
    const { http, path, proc } = api(exiting)
    const reply = await http(request(path))
    expect([reply.status, codeOf(reply)]).toEqual([500, '3'])
    const detail = 'run exited with code 3.'
    const problem = { status: 500, detail, code: 'ERR_EXITED', message: detail, exitCode: 3 }
    const { peer, process, ...rest } = fields(await reply.json())
    expect(rest).toEqual(problem)
    expect(`${String(peer)}/${String(process)}`).toBe(chainNameOf(SELF, proc.pid))
  })

  test('breaks the body after its head', async () => {
    const { http, path } = api(exiting)
    const reply = await http(request(path, { body: 'found' }))
    expect([reply.status, codeOf(reply)]).toEqual([200, null])
    await expect(reply.text()).rejects.toMatchObject({ code: 'ERR_EXITED' })
  })

  test.each([
    ['with ?exit=ok', '?exit=ok', {}],
    ['with a policy that accepts the code', '', okExits],
  ])('has its output and its code in the reply, %s', async (_, query, init) => {
    const { http, path, failures } = api(exiting, init)
    for (const body of ['', 'found']) {
      const reply = await http(request(path + query, { body }))
      expect([reply.status, codeOf(reply), await reply.text()]).toEqual([200, '3', body])
    }
    const reply = await http(request(path + query, { body: long }))
    // Too long to hold back, so the code comes after it.
    expect([reply.status, codeOf(reply), (await reply.text()).length]).toEqual([200, null, long.length])
    expect(await exitOf(reply)).toMatchObject({ exitCode: 3 })
    expect(failures.length).toBe(query === '' ? 0 : 3)
  })

  test('and one that exits with 0 has that in the head where it is asked for', async () => {
    const { http, path } = api(echo)
    expect(codeOf(await http(request(`${path}?exit=ok`, { body: 'found' })))).toBe('0')
    expect(codeOf(await http(request(path, { body: 'found' })))).toBeNull()
  })

  test('a code that the policy does not have fails', async () => {
    const { http, path } = api(exiting, { policy: { okExits: [1] } })
    expect((await http(request(path))).status).toBe(500)
  })

  test('a way to take exits that there is not is refused', async () => {
    const { http, path } = api(exiting)
    expect((await http(request(`${path}?exit=fine`))).status).toBe(400)
  })
})
