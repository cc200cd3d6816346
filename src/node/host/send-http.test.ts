import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { installErrorTransfer } from '../../actors/worker/comlink-errors.ts'
import type { GivenPolicy } from '../../glia/process/policy.ts'
import { makeProcesses, type TestProcesses } from '../test-processes.ts'
import { builtActorWorker } from '../test-worker.ts'
import { httpSender, type Lookup } from './send-http.ts'

/** Errnos of WASI. */
const [ACCES, HOSTUNREACH, IO, MFILE, NOENT] = [2, 23, 29, 33, 44]

let worker: Awaited<ReturnType<typeof builtActorWorker>>
let running: TestProcesses[] = []
let shared: Awaited<ReturnType<typeof start>>
/** A server that stands for any, and one that must never be asked. */
let open: TestServer
let secret: TestServer
/** The addresses that the DNS gives for a name, the first ones first; the last ones are given from then on. */
let names: Record<string, string[][]>
let asked: string[]

interface TestServer {
  readonly port: number
  hits: string[]
  close(): Promise<void>
}

beforeAll(async () => {
  installErrorTransfer()
  await guest('ask')
  worker = await builtActorWorker()
  open = await serve(answer)
  secret = await serve((_, reply) => void reply.end('secret'))
  shared = await start(['http://nobody.example'])
})
beforeEach(() => {
  for (const server of [open, secret]) server.hits = []
  names = {}
  asked = []
})
afterAll(async () => {
  for (const { table } of running) for (const { proc } of table.entries) proc.kill()
  await Promise.all([open.close(), secret.close()])
  await worker.remove()
})

async function serve(handle: (request: IncomingMessage, reply: ServerResponse) => void): Promise<TestServer> {
  const listener = createServer((request, reply) => {
    server.hits.push(`${request.method} ${request.headers.host}${request.url}`)
    handle(request, reply)
  })
  // Every address of this machine, IPv4 and IPv6.
  await new Promise<void>((resolve) => void listener.listen(0, '::', resolve))
  const { port } = listener.address() as AddressInfo
  const server: TestServer = {
    port,
    hits: [],
    close: () => {
      listener.closeAllConnections()
      return new Promise((resolve) => void listener.close(() => resolve()))
    },
  }
  return server
}

function answer(request: IncomingMessage, reply: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
  const status = Number(searchParams.get('status') ?? 200)
  const to = searchParams.get('to')
  if (to !== null) return void reply.writeHead(status, { location: to }).end()
  if (pathname === '/loop') return void reply.writeHead(302, { location: '/loop' }).end()
  if (pathname === '/hang') return
  if (pathname === '/cut') {
    reply.writeHead(200, { 'content-length': 9 }).write('half')
    return void setTimeout(() => reply.destroy(), 20)
  }
  if (pathname === '/empty') return void reply.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 0 }).end()
  if (pathname.startsWith('/no-bytes/')) {
    const encoding = pathname.slice('/no-bytes/'.length)
    reply.writeHead(200, { 'content-encoding': encoding }).flushHeaders()
    return void reply.end()
  }
  if (pathname === '/cut-gzip') {
    reply.writeHead(200, { 'content-encoding': 'gzip' }).flushHeaders()
    return void setTimeout(() => reply.destroy(), 20)
  }
  if (pathname === '/gzip') return void reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked'))
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    reply.writeHead(status, { 'x-kind': 'test', 'set-cookie': 'a=b' })
    const { method, headers } = request
    const told = { method, path: request.url, headers, body: Buffer.concat(parts).toString() }
    reply.end(pathname.startsWith('/tell') ? JSON.stringify(told) : `${method} ${Buffer.concat(parts).toString()}`)
  })
}

const lookup: Lookup = (name, options, callback) => {
  asked.push(name)
  const [found = [], ...later] = names[name] ?? []
  if (later.length > 0) names[name] = later
  const addresses = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  if (options.all) callback(null, addresses)
  else callback(null, addresses[0]?.address ?? '', addresses[0]?.family)
}

/** A process that asks web servers. */
async function start(http: readonly string[], policy: GivenPolicy = {}) {
  const tab = makeProcesses({ script: worker.script, sendHttp: httpSender(lookup) })
  const pid = await tab.table.spawn(await guest('ask'), { policy: { http, ...policy } })
  const ask = (path: string, body?: string): Promise<string> =>
    tab.call(pid, 'ask', `http/${path}${body === undefined ? '' : `\n${body}`}`)
  const lines = (): string[] => tab.entry(pid).log.lines.map(({ text }) => text)
  const started = { ...tab, pid, ask, lines, log: (): string => lines().join('\n') }
  running.push(started)
  return started
}

/** The process that most tests share, with another list. */
async function allow(...http: string[]) {
  await shared.table.setPolicy(shared.pid, { http })
  const before = shared.lines().length
  return { ask: shared.ask, log: () => shared.lines().slice(before).join('\n') }
}

describe('a request', () => {
  test('is a file: what is written is its body, what is read is that of the response', async () => {
    const host = `127.0.0.1:${open.port}`
    const { ask } = await allow(`http://${host}`)
    expect(await ask(`GET/http/${host}/a/b?c=d`)).toBe('GET ')
    expect(await ask(`POST/http/${host}/`, 'hello')).toBe('POST hello')
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect(await ask(`${method}/http/${host}`, 'x')).toBe(`${method} x`)
    expect(await ask(`HEAD/http/${host}/`)).toBe('')
    expect(await ask(`GET/http/${host}/gzip`)).toBe('unpacked')
    expect(await ask(`HEAD/http/${host}/gzip`)).toBe('')
    expect(await ask(`GET/http/${host}/empty`)).toBe('')
    expect(open.hits).toEqual(
      ['GET /a/b?c=d', 'POST /', 'PUT /', 'PATCH /', 'DELETE /', 'HEAD /', 'GET /gzip', 'HEAD /gzip', 'GET /empty'].map(
        (hit) => hit.replace(' ', ` ${host}`),
      ),
    )
    // A slash at the end counts, and names may be long.
    expect(JSON.parse(await ask(`GET/http/${host}/tell/`))).toMatchObject({ path: '/tell/' })
    const long = `/tell?${'q'.repeat(2000)}`
    expect(JSON.parse(await ask(`GET/http/${host}${long}`))).toMatchObject({ path: long })
  })

  test.each(['gzip', 'x-gzip', 'deflate', 'br', 'identity'])(
    'has an empty reply if that is packed with %s and has no bytes',
    async (encoding) => {
      const host = `127.0.0.1:${open.port}`
      const { ask, log } = await allow(`http://${host}`)
      expect(await ask(`GET/http/${host}/no-bytes/${encoding}`)).toBe('')
      expect(log()).not.toContain('ERR_')
      // One that breaks off is none.
      expect(await ask(`GET/http/${host}/cut-gzip`)).not.toBe('')
      expect(log()).toContain('ERR_RESET')
    },
  )

  test('tells nothing but itself', async () => {
    const host = `127.0.0.1:${open.port}`
    const { ask } = await allow(`http://${host}`)
    const { headers } = JSON.parse(await ask(`POST/http/${host}/tell`, 'hello')) as { headers: object }
    expect(headers).toEqual({
      host,
      'user-agent': 'glia',
      'accept-encoding': 'identity',
      'content-length': '5',
      connection: 'close',
    })
  })

  test('with its head has headers, and gives the status and those of the response', async () => {
    const host = `127.0.0.1:${open.port}`
    const { ask } = await allow(`http://${host}`)
    const reply = await ask(`full/POST/http/${host}/tell?status=404`, 'X-A: 1\r\nAuthorization: Bearer t\r\n\r\nbody')
    const [head = '', body = ''] = reply.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    expect(head).toContain('\r\nx-kind: test')
    expect(head).not.toContain('cookie')
    expect(JSON.parse(body)).toMatchObject({ body: 'body', headers: { 'x-a': '1', authorization: 'Bearer t' } })
    expect(await ask(`full/GET/http/${host}/`)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nGET $/s)
  })

  test.each([
    'Host: other',
    'cookie: a=b',
    'Content-Length: 3',
    'transfer-encoding: chunked',
    'Connection: upgrade',
    'Origin: http://a',
    'X-Forwarded-For: 127.0.0.1',
    'Proxy-Authorization: x',
    'Sec-Fetch-Site: none',
    'no colon',
    ' folded: x',
    'bad name: x',
    'x: a\rb: c',
    'x: \0',
  ])('with the header %j is not sent', async (line) => {
    const host = `127.0.0.1:${open.port}`
    const { ask, log } = await allow(`http://${host}`)
    expect(await ask(`full/GET/http/${host}/`, `${line}\n\n`)).toBe(`errno ${IO}`)
    expect(log()).toContain('ERR_BAD_REQUEST')
    expect(open.hits).toEqual([])
  })

  test('that makes no sense says why', async () => {
    const host = `127.0.0.1:${open.port}`
    const { ask, log } = await allow(`http://${host}`)
    for (const path of [`TRACE/http/${host}/`, `get/http/${host}/`, `GET/ftp/${host}/`, 'GET/http/a b/']) {
      expect(await ask(path)).toMatch(/^errno (44|31)$/)
    }
    expect(await ask(`GET/http/${host}/`, 'a body')).toBe(`errno ${IO}`)
    expect(await ask(`full/GET/http/${host}/`, 'a: b')).toBe(`errno ${IO}`)
    expect(log()).toContain('A request with GET has no body')
    expect(open.hits).toEqual([])
  })

  test.each([
    [400, IO],
    [403, ACCES],
    [404, NOENT],
    [500, IO],
    [504, 73],
  ])('that is answered with %i gives the body and then errno %i', async (status, errno) => {
    const host = `127.0.0.1:${open.port}`
    const { ask, log } = await allow(`http://${host}`)
    expect(await ask(`GET/http/${host}/?status=${status}`)).toBe(`GET errno ${errno}`)
    expect(log()).toContain(`was answered with ${status}`)
  })

  test('that no server answers, or that one breaks off, fails', async () => {
    const gone = await serve(() => undefined)
    await gone.close()
    const host = `127.0.0.1:${open.port}`
    names['nowhere.example'] = [[]]
    const { ask, log } = await allow(`http://${host}`, `http://127.0.0.1:${gone.port}`, 'http://nowhere.example')
    expect(await ask(`GET/http/127.0.0.1:${gone.port}/`)).toBe(`errno ${HOSTUNREACH}`)
    expect(log()).toContain('gives no answer: ECONNREFUSED. ERR_UNREACHABLE')
    expect(await ask(`GET/http/${host}/cut`)).toBe(`halferrno ${IO}`)
    expect(await ask(`GET/https/${host}/`)).toBe(`errno ${ACCES}`)
  })

  test('has limits: of open files, and of time', async () => {
    const host = `127.0.0.1:${open.port}`
    const { ask } = await allow(`http://${host}`)
    const none = await start([`http://${host}`], { maxCalls: 0 })
    expect(await none.ask(`GET/http/${host}/`)).toBe(`errno ${MFILE}`)
    await shared.table.setPolicy(shared.pid, { deadlineMs: 500 })
    expect(await ask(`GET/http/${host}/hang`)).toBe('ERR_DEADLINE')
    await shared.table.setPolicy(shared.pid, { deadlineMs: 30_000 })
  })
})

describe('nothing is sent', () => {
  test('by a process that was given no origin', async () => {
    const { ask } = await start([])
    expect(await ask(`GET/http/127.0.0.1:${secret.port}/`)).toBe(`errno ${NOENT}`)
    const other = await start([], { call: 'owner' })
    expect(await other.ask(`GET/http/127.0.0.1:${secret.port}/`)).toBe(`errno ${NOENT}`)
    expect(await start(['http://a.example']).then(({ ask: read }) => read('ww/0.1.0/self/root/echo'))).toBe(
      `errno ${NOENT}`,
    )
    expect(secret.hits).toEqual([])
  })

  /** Ways to write an address that is not listed, or to hide it behind one that is. */
  test.each([
    'http/127.0.0.1:PORT',
    'http/2130706433:PORT',
    'http/0x7f000001:PORT',
    'http/0x7f.1:PORT',
    'http/0177.0.0.1:PORT',
    'http/127.1:PORT',
    'http/0:PORT',
    'http/[::1]:PORT',
    'http/[::]:PORT',
    'http/[::ffff:127.0.0.1]:PORT',
    'http/[::ffff:7f00:1]:PORT',
    'http/localhost:PORT',
    'http/localhost.:PORT',
    'http/LOCALHOST:PORT',
    'http/ⓛocalhost:PORT',
    'http/１２７.0.0.1:PORT',
    'http/127。0。0。1:PORT',
    'http/listed.localhost:OPEN@127.0.0.1:PORT',
    'http/listed.localhost%3AOPEN@127.0.0.1:PORT',
    'http/me:secret@listed.localhost:OPEN',
    'http/@listed.localhost:PORT',
    'http/listed.localhost:PORT',
    'http/listed.localhost.:OPEN',
    'http/127.0.0.1:PORT#@listed.localhost:OPEN',
    'http/127.0.0.1:PORT\\@listed.localhost:OPEN',
    'http/127.0.0.1:PORT?@listed.localhost:OPEN',
    'http/127.0.0.1:PORT%2f@listed.localhost:OPEN',
    'http/listed.localhost:OPEN.127.0.0.1:PORT',
    'https/listed.localhost:OPEN',
    'http/xn--.localhost:OPEN',
    'http/a.listed.localhost:OPEN',
  ])('to %s', async (place) => {
    const { ask } = await allow(`http://listed.localhost:${open.port}`)
    for (const name of ['localhost', 'localhost.', 'listed.localhost', 'listed.localhost.'])
      names[name] = [['127.0.0.1']]
    const path = place.replaceAll('PORT', String(secret.port)).replaceAll('OPEN', String(open.port))
    expect(await ask(`GET/${path}/`)).toMatch(/^errno (2|44)$/)
    expect([...secret.hits, ...open.hits]).toEqual([])
  })

  test.each([
    '127.0.0.1',
    '127.1.2.3',
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '168.63.129.16',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a00:1',
    '::ffff:168.63.129.16',
    '::ffff:a83f:8110',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::1',
    '2002:a9fe:a9fe::',
    '2001:0:7f00:1::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'not an address',
  ])('to a name that leads to %s', async (address) => {
    names['public.example'] = [[address]]
    const { ask, log } = await allow(`http://public.example:${secret.port}`)
    expect(await ask(`GET/http/public.example:${secret.port}/`)).toBe(`errno ${ACCES}`)
    expect(log()).toContain('public.example leads to no public address')
    expect(secret.hits).toEqual([])
  })

  test('to a name that leads elsewhere the second time: each connection is checked, and goes to what was checked', async () => {
    const host = `listed.localhost:${open.port}`
    names['listed.localhost'] = [['127.0.0.2'], ['10.0.0.1'], ['10.0.0.1', '127.0.0.2']]
    const { ask } = await allow(`http://${host}`)
    expect(await ask(`GET/http/${host}/`)).toBe('GET ')
    expect(asked).toEqual(['listed.localhost'])
    expect(await ask(`GET/http/${host}/`)).toBe(`errno ${ACCES}`)
    // One of two may be asked: it is.
    expect(await ask(`GET/http/${host}/`)).toBe('GET ')
    expect(asked).toHaveLength(3)
  })

  test('where a redirect leads that is not listed, or never ends', async () => {
    const host = `127.0.0.1:${open.port}`
    names['inside.example'] = [['127.0.0.1']]
    const { ask, log } = await allow(`http://${host}`, `http://inside.example:${secret.port}`)
    const places = [
      `http://127.0.0.1:${secret.port}/`,
      `//127.0.0.1:${secret.port}/`,
      `http://2130706433:${secret.port}/`,
      `http://[::1]:${secret.port}/`,
      `http://localhost:${secret.port}/`,
      `http://inside.example:${secret.port}/`,
      `http://me:secret@${host}/`,
      `https://${host}/`,
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
      'data:text/plain,hello',
      'gopher://127.0.0.1/',
    ]
    for (const status of [301, 302, 303, 307, 308]) {
      for (const place of status === 302 ? places : places.slice(0, 1)) {
        const path = `GET/http/${host}/?status=${status}&to=${encodeURIComponent(place)}`
        expect.soft(await ask(path)).toBe(`errno ${ACCES}`)
      }
    }
    expect(await ask(`GET/http/${host}/?status=302&to=${encodeURIComponent('http://[')}`)).toBe(`errno ${HOSTUNREACH}`)
    expect(secret.hits).toEqual([])
    open.hits = []
    expect(await ask(`GET/http/${host}/loop`)).toBe(`errno ${HOSTUNREACH}`)
    expect(open.hits).toHaveLength(6)
    expect(log()).toContain('redirects more than 5 times')
  })

  test('any more when the policy is changed', async () => {
    const host = `127.0.0.1:${open.port}`
    const { ask, table, pid } = await start([`http://${host}`])
    expect(await ask(`GET/http/${host}/`)).toBe('GET ')
    expect(await table.setPolicy(pid, { http: [] })).toMatchObject({ later: [] })
    expect(await ask(`GET/http/${host}/`)).toBe(`errno ${ACCES}`)
  })
})

describe('a redirect', () => {
  test('is followed to where the policy lets it, and takes no secrets to another origin', async () => {
    const [host, other] = [`127.0.0.1:${open.port}`, `[::1]:${open.port}`]
    const { ask } = await allow(`http://${host}`, `http://${other}`)
    const to = (status: number, place: string): string => `${host}/?status=${status}&to=${encodeURIComponent(place)}`
    const head = 'authorization: secret\nx-key: secret\naccept: text/x\ncontent-type: text/y\n\nbody'
    const told = async (path: string): Promise<unknown> =>
      JSON.parse((await ask(path, head)).split('\r\n\r\n')[1] ?? '') as unknown
    expect(await told(`full/POST/http/${to(307, `http://${other}/tell`)}`)).toEqual({
      method: 'POST',
      path: '/tell',
      body: 'body',
      headers: {
        host: other,
        'user-agent': 'glia',
        accept: 'text/x',
        'content-type': 'text/y',
        'accept-encoding': 'identity',
        'content-length': '4',
        connection: 'close',
      },
    })
    expect(await told(`full/POST/http/${to(302, '/tell')}`)).toMatchObject({
      method: 'GET',
      body: '',
      headers: { authorization: 'secret', 'x-key': 'secret' },
    })
    expect(await told(`full/PUT/http/${to(308, '/tell')}`)).toMatchObject({ method: 'PUT', body: 'body' })
    expect(await told(`full/PUT/http/${to(303, '/tell')}`)).toMatchObject({ method: 'GET', body: '' })
  })
})
