import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { chainNameOf } from '../glia/chain-name.ts'
import { GliaError } from '../glia/errors.ts'
import { newPid } from '../glia/pid.ts'
import { bytes, echo, makeProc, type Run, untilAborted } from '../glia/test-peer.ts'
import type { MeshNode } from '../mesh/node.ts'
import type { GliaServer } from '../node/server.ts'
import { testServers, type TestServers } from '../node/test-server.ts'
import { startTab } from '../node/test-tab.ts'
import { callMethod } from './gateway.ts'
import { builtCli, ended, type Result, type TestCli } from './test-cli.ts'

/** Resolved when a method that runs until it is cancelled has begun, and when it was cancelled. */
const held = { begun: Promise.withResolvers<void>(), cancelled: Promise.withResolvers<void>() }

/** Resolved when the caller has the first half of a reply. An abort may overtake what nobody has read. */
const half = { arrived: Promise.withResolvers<void>() }

/** Times that the method `counts` has begun. */
let counted = 0

/** Largest message that the process takes, in bytes. */
const MAX_MESSAGE_BYTES = 1_000_000

const methods: Record<string, Run> = {
  run: echo,
  exits: async (message) => {
    await message.write(bytes('out'))
    throw new GliaError('ERR_EXITED', 'The program exited with code 3.', { exitCode: 3 })
  },
  fails: async () => {
    throw new GliaError('ERR_FAILED', 'The method returned 256.', { exitCode: 256 })
  },
  traps: async (message) => {
    await message.write(bytes('half'))
    await half.arrived.promise
    throw new GliaError('ERR_TRAPPED', 'It trapped: “unreachable”\nin f.')
  },
  accepted: async (message) => {
    await message.write(bytes('no match'))
    throw new GliaError('ERR_EXITED', 'The program exited with code 1.', { exitCode: 1 })
  },
  endless: async (message) => {
    const chunk = new Uint8Array(65_536).fill(0x79)
    for (;;) await message.write(chunk)
  },
  counts: async (...given) => {
    counted += 1
    await echo(...given)
  },
  shouts: async () => {
    throw new GliaError('ERR_FAILED', 'red \u001b[31m\u009b2J\u202e.')
  },
  early: async (message) => message.write(bytes('enough')),
  held: async (message, actor, method) => {
    held.begun.resolve()
    await untilAborted(message, actor, method)
    held.cancelled.resolve()
  },
}
const { proc } = makeProc(() => async (message, actor, method) => methods[method]?.(message, actor, method), {
  policy: { listed: true, okExits: [1], deadlineMs: 20_000, maxMessageBytes: MAX_MESSAGE_BYTES },
  methods: Object.keys(methods),
})

let servers: TestServers
let server: GliaServer
let tab: MeshNode
let cli: TestCli
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  ;[servers, cli] = await Promise.all([testServers(), builtCli()])
  server = await servers.start()
  env = { GLIA_GATEWAY: server.url }
  const relay = server.relayAddresses.find((address) => address.includes('/ws/')) ?? ''
  tab = await startTab(proc, [relay])
  await vi.waitUntil(() => tab.relays()[0]?.state === 'reserved', { timeout: 30_000 })
})

afterAll(async () => {
  await tab.stop()
  await servers.end()
  await cli.remove()
})

const to = (method: string): string => `/ww/0.1.0/${tab.peerId}/${proc.pid}/${method}`

/** What a failure says of where it was made. */
function madeIn(address: string): object {
  const [, , , peer = '', pid = ''] = address.split('/')
  return { peer, process: chainNameOf(peer, pid).slice(peer.length + 1) }
}

function call(args: readonly string[], stdin?: string | Uint8Array): Promise<Result> {
  return cli.run(['call', ...args], stdin, env)
}

const success = (stdout: string): Result => ({ code: 0, signal: null, stdout, stderr: '' })

test('a message from stdin or from a file comes back from the root process of the gateway', async () => {
  expect(await call(['/ww/0.1.0/self/root/echo'], 'hello')).toEqual(success('hello'))
  expect(await call(['ww/0.1.0/self/root/echo', '-'], 'without a slash')).toEqual(success('without a slash'))
  const file = join(await servers.newFolder(), 'a message')
  await writeFile(file, 'from a file')
  expect(await call(['/ww/0.1.0/self/root/echo', file], 'not this')).toEqual(success('from a file'))
})

test('a file that is too large is refused before the method begins', async () => {
  const file = join(await servers.newFolder(), 'large')
  await writeFile(file, new Uint8Array(MAX_MESSAGE_BYTES + 1))
  const { code, stderr } = await call([to('counts'), file])
  expect([code, stderr, counted]).toEqual([125, expect.stringMatching(/^ERR_MESSAGE_TOO_LARGE: [^\n]+\n$/), 0])
  await truncate(file, MAX_MESSAGE_BYTES)
  expect((await call([to('counts'), file])).stdout).toHaveLength(MAX_MESSAGE_BYTES)
})

test('a file without a known size is sent to its end', async () => {
  const { stdout } = await call([to('run'), '/proc/self/status'])
  expect(stdout).toMatch(/^Name:\s+\S+\n[^]+\n$/)
})

test('a file that becomes shorter while it is sent is a failure', async () => {
  const file = join(await servers.newFolder(), 'shrinks')
  await (await open(file, 'w')).close()
  await truncate(file, 60 * 1024 ** 2)
  const child = cli.start(['call', '/ww/0.1.0/self/root/echo', file], env)
  child.stdin.end()
  // While nobody reads the reply, the message waits too.
  await once(child.stdout, 'readable')
  await truncate(file, 1)
  child.stdout.resume()
  const { code, stderr } = await ended(child)
  expect([code, stderr]).toEqual([1, `${file} has become shorter while it was sent.\n`])
})

test('the gateway is asked when the first byte is there, however late that is', async () => {
  const heard: string[] = []
  const other = createServer((request, response) => {
    heard.push(request.url ?? '')
    response.setHeader('content-type', 'application/octet-stream')
    request.pipe(response)
  })
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const url = new URL(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
  let connections = 0
  other.on('connection', () => (connections += 1))
  const message = new PassThrough()
  const reply = new PassThrough()
  const called = callMethod(
    url,
    '/late',
    { chunks: message[Symbol.asyncIterator]() as AsyncGenerator<Buffer> },
    { to: reply },
  )
  await (await fetch(new URL('/other', url))).text()
  expect([heard, connections]).toEqual([['/other'], 1])
  message.end('text')
  await called
  expect(reply.read()).toEqual(Buffer.from('text'))
  expect(heard).toEqual(['/other', '/late'])
  other.close()
  other.closeAllConnections()
})

test('the words of another peer do not command the terminal', async () => {
  expect((await call([to('shouts')])).stderr).toBe('ERR_FAILED: red [31m2J.\n')
  const { stderr } = await call([to('shouts'), '--json'])
  expect(stderr).toMatch(/^[ -~]+\n$/)
  const message = 'red \u001b[31m\u009b2J\u202e.'
  expect(JSON.parse(stderr)).toEqual({ code: 'ERR_FAILED', message, ...madeIn(to('shouts')) })
})

test('an input that is a folder, and an output that takes nothing, are one sentence', async () => {
  const shell = async (how: string): Promise<Result> => {
    const script = `"${process.execPath}" "${cli.path}" call /ww/0.1.0/self/root/echo ${how}`
    return ended(spawn('bash', ['-c', script], { env: { ...process.env, ...env } }))
  }
  expect(await shell('< /')).toMatchObject({
    code: 1,
    stderr: 'stdin cannot be sent: there is a folder where a file should be.\n',
  })
  expect(await shell('<<< text > /dev/full')).toMatchObject({
    code: 125,
    stderr: 'The output cannot be written: the disk is full.\n',
  })
})

test('calls with one --key and one message run once, and another message is refused', async () => {
  const before = counted
  // Quotes and backslashes are escaped in the header.
  const key = String.raw`order "1" \ 2`
  for (const reply of ['first', 'first']) {
    // oxlint-disable-next-line no-await-in-loop -- the second call is made when the first has ended
    expect(await call([to('counts'), '--key', key], reply)).toEqual(success(reply))
  }
  expect(counted).toBe(before + 1)
  expect(await call([to('counts'), '--key', key], 'second')).toMatchObject({
    code: 125,
    stderr: expect.stringMatching(/^ERR_KEY_REUSED: /) as string,
  })
  expect(await call([to('counts'), '--key', 'another'], 'second')).toEqual(success('second'))
  expect(counted).toBe(before + 2)
})

test.each([
  ['an empty one', ''],
  ['one that is too long', 'k'.repeat(256)],
  ['one of other characters', 'schlüssel'],
])('--key does not take %s', async (_, key) => {
  const { code, stderr } = await call([to('counts'), '--key', key], 'x')
  expect([code, stderr]).toEqual([1, '--key takes one text of 1 to 255 printable ASCII characters.\n'])
})

test('a URL of a gateway is an address too', async () => {
  const url = new URL('/ww/0.1.0/self/root/echo', server.url).href
  expect(await cli.run(['call', url], 'hello', {})).toEqual(success('hello'))
  expect(await cli.run(['call', '--gateway', server.url, '/ww/0.1.0/self/root/echo'], 'hi', {})).toEqual(success('hi'))
})

test('a process in a tab is called, and both ways stream at once', async () => {
  const child = cli.start(['call', to('run')], env)
  for (const word of ['one', 'two', 'three']) {
    child.stdin.write(word)
    const [reply] = (await once(child.stdout, 'data')) as [Buffer]
    expect(reply.toString()).toBe(word)
  }
  child.stdin.end()
  expect(await ended(child)).toEqual(success(''))
})

test('64 MiB go through it unchanged, in both directions', { timeout: 60_000 }, async () => {
  const message = randomBytes(64 * 1024 ** 2)
  const child = cli.start(['call', '/ww/0.1.0/self/root/echo'], env)
  child.stdin.end(message)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(0)
  expect(Buffer.concat(chunks).equals(message)).toBe(true)
})

test('the exit code of a program is passed on, its output and its reason too', async () => {
  expect(await call([to('exits')])).toEqual({
    code: 3,
    signal: null,
    stdout: 'out',
    stderr: 'ERR_EXITED: The program exited with code 3.\n',
  })
  // Only eight bits are left of it, and a failure must not look like a success.
  expect(await call([to('fails')])).toMatchObject({ code: 1, stderr: 'ERR_FAILED: The method returned 256.\n' })
})

test('an exit code that the process accepts is passed on without a word', async () => {
  expect(await call([to('accepted')])).toEqual({ code: 1, signal: null, stdout: 'no match', stderr: '' })
})

test('a failure behind the first bytes of a reply has its code and its sentence', async () => {
  const child = cli.start(['call', to('traps')], env)
  child.stdin.end()
  const result = ended(child)
  await once(child.stdout, 'data')
  half.arrived.resolve()
  expect(await result).toEqual({
    code: 134,
    signal: null,
    stdout: 'half',
    stderr: 'ERR_TRAPPED: It trapped: “unreachable”\nin f.\n',
  })
})

test.each([
  ['a process that is not there', `/ww/0.1.0/self/${newPid()}/run`, 127, 'ERR_NO_PROC'],
  ['a method that is not there', '/ww/0.1.0/self/root/nothing', 127, 'ERR_NO_METHOD'],
  ['an address with too little in it', '/ww/0.1.0/self/root', 125, 'ERR_BAD_ADDRESS'],
  ['an address of another version', '/ww/9.9.9/self/root/echo', 125, 'ERR_BAD_ADDRESS'],
  ['what is no address at all', 'root', 125, 'ERR_BAD_ADDRESS'],
  ['a peer id that is none', '/ww/0.1.0/me/root/echo', 125, 'ERR_BAD_ADDRESS'],
])('%s is one sentence and an exit code', async (_, address, code, name) => {
  const result = await call([address], 'x')
  expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/^[^\n]+\n$/) as string })
  expect(result.stderr).toContain(name)
})

test('--json tells a failure as JSON', async () => {
  const { code, stderr } = await call([to('exits'), '--json'])
  expect(code).toBe(3)
  const message = 'The program exited with code 3.'
  expect(JSON.parse(stderr)).toEqual({ code: 'ERR_EXITED', message, exitCode: 3, ...madeIn(to('exits')) })
})

test('a file that cannot be read is one sentence', async () => {
  for (const file of ['/nothing/here', servers.dist]) {
    const { code, stderr } = await call(['/ww/0.1.0/self/root/echo', file])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^\S+ cannot be sent: [^\n]+\.\n$/)])
  }
})

test('a gateway that is not there, or is something else, is one sentence', async () => {
  const other = createServer((_, response) => response.writeHead(404).end('<h1>not found</h1>'))
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const port = (other.address() as AddressInfo).port
  const elsewhere = await cli.run(['call', '/ww/0.1.0/self/root/echo'], '', {
    GLIA_GATEWAY: `http://127.0.0.1:${port}`,
  })
  other.close()
  expect(elsewhere).toMatchObject({
    code: 125,
    stderr: expect.stringMatching(/is no gateway of Glia[^\n]*\n$/) as string,
  })
  const nowhere = await cli.run(['call', '/ww/0.1.0/self/root/echo'], '', { GLIA_GATEWAY: `http://127.0.0.1:${port}` })
  expect(nowhere).toMatchObject({
    code: 125,
    stderr: expect.stringMatching(/^ERR_UNREACHABLE: No gateway[^\n]*\n$/) as string,
  })
})

test('a reader that stops ends the call, without a word', async () => {
  const shell = `"${process.execPath}" "${cli.path}" call ${to('endless')} </dev/null | head -c 3; echo " \${PIPESTATUS[0]}"`
  const child = spawn('bash', ['-c', shell], { env: { ...process.env, ...env } })
  expect(await ended(child)).toEqual(success('yyy 141\n'))
})

test('a reply that ends before its message ends the command', async () => {
  const child = cli.start(['call', to('early')], env)
  child.stdin.write('the beginning of a message')
  expect(await ended(child)).toEqual(success('enough'))
})

test('SIGINT cancels the call', async () => {
  const child = cli.start(['call', to('held')], env)
  child.stdin.end()
  await held.begun.promise
  child.kill('SIGINT')
  expect(await ended(child)).toMatchObject({ signal: 'SIGINT', stdout: '', stderr: '' })
  await held.cancelled.promise
})

test('a gateway that dies in the middle of a reply is a failure', async () => {
  const other = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('half')
    setImmediate(() => response.destroy())
  })
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const gateway = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const result = await cli.run(['call', '/ww/0.1.0/self/root/echo', '--gateway', gateway])
  other.close()
  expect(result).toMatchObject({ code: 125, stdout: 'half', stderr: expect.stringContaining('ERR_RESET') as string })
})
