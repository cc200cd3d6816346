import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { copyFile, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileAssemblyScript } from '../../build/assemblyscript.ts'
import { fromRoot } from '../../build/paths.ts'
import { newPid } from '../../glia/pid.ts'
import { glia, plainClient } from '../../mesh/test-nodes.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { TOKEN_FILE } from '../data/owner-token.ts'
import type { GliaServer } from '../server.ts'
import { testServers, type TestServers } from '../test-server.ts'

let servers: TestServers
let counter: Uint8Array

beforeAll(async () => {
  counter = new Uint8Array(await compileAssemblyScript(fromRoot('src/examples/counter.ts')))
  servers = await testServers()
})

afterAll(() => servers.end())

/** A host, and its folder. */
async function start(data?: string, options: { name?: string; graceSeconds?: number } = {}) {
  const folder = data ?? (await servers.newFolder())
  const server = await servers.start({ actors: true, data: folder, ...options })
  const token = (await readFile(join(folder, TOKEN_FILE), 'utf8')).trim()
  return { server, data: folder, token }
}

interface Answer {
  readonly status: number
  readonly head: Record<string, unknown>
  readonly body: Uint8Array
}

/** A message to the system process, over HTTP. */
async function order(
  server: GliaServer,
  method: string,
  head: object,
  body: Uint8Array = new Uint8Array(),
): Promise<Answer> {
  const message = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body])
  const reply = await fetch(new URL(`ww/0.1.0/self/sys/${method}`, server.url), { method: 'POST', body: message })
  const bytes = new Uint8Array(await reply.arrayBuffer())
  const end = bytes.indexOf(10)
  const line = Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString()
  return { status: reply.status, head: JSON.parse(line) as Record<string, unknown>, body: bytes.slice(end + 1) }
}

async function count(server: GliaServer, pid: unknown): Promise<string> {
  const reply = await fetch(new URL(`ww/0.1.0/self/${String(pid)}/increment`, server.url), { method: 'POST' })
  return (await reply.text()).trim()
}

test('an actor that was made by a message lives on, with what it knew, when the host starts again', async () => {
  const { server, data, token } = await start()
  const made = await order(server, 'spawn', { token, name: 'counter' }, counter)
  expect(made).toMatchObject({ status: 200, head: { methods: expect.arrayContaining(['increment']) as unknown } })
  const { pid } = made.head
  expect([await count(server, pid), await count(server, pid)]).toEqual(['1', '2'])
  await server.stop()
  const again = await start(data)
  expect(again.server.peerId).toBe(server.peerId)
  expect(again.token).toBe(token)
  const listed = async (): Promise<unknown> => (await order(again.server, 'list', { token })).head
  await expect.poll(listed).toMatchObject({
    processes: [
      { name: 'root', root: true },
      { name: 'counter', pid, state: 'hibernated', policy: { memory: 'durable' } },
    ],
  })
  expect(await count(again.server, pid)).toBe('3')
  expect(await order(again.server, 'kill', { token, pid })).toMatchObject({ status: 200, head: { name: 'counter' } })
  expect(await order(again.server, 'kill', { token, pid })).toMatchObject({
    status: 404,
    head: { code: 'ERR_NO_PROC' },
  })
})

test.each(['moved away', 'replaced'])(
  'a host whose root.pid was %s keeps its root process, and links to it',
  async (how) => {
    const { server, data } = await start()
    const file = join(data, 'root.pid')
    const pid = (await readFile(file, 'utf8')).trim()
    await server.stop()
    if (how === 'replaced') await writeFile(file, newPid())
    else await unlink(file)
    const again = await start(data)
    const text = async (path: string, init?: RequestInit): Promise<string> =>
      (await fetch(new URL(path, again.server.url), init)).text()
    expect(await text('root')).toContain(pid)
    expect(await text('status')).toContain(pid)
    for (const root of ['root', pid]) {
      expect(await text(`ww/0.1.0/self/${root}/echo`, { method: 'POST', body: 'x' })).toBe('x')
    }
    expect((await readFile(file, 'utf8')).trim()).toBe(pid)
  },
)

test('a snapshot of an actor goes on elsewhere, under a PID of its own', async () => {
  const one = await start()
  const other = await start()
  const { head } = await order(one.server, 'spawn', { token: one.token, name: 'counter' }, counter)
  await count(one.server, head['pid'])
  const taken = await order(one.server, 'snapshot', { token: one.token, pid: head['pid'] })
  expect(taken.head).toEqual({ bytes: taken.body.length })
  const restored = await order(other.server, 'restore', { token: other.token, name: 'twin' }, taken.body)
  expect(restored.head['pid']).not.toBe(head['pid'])
  expect(await count(other.server, restored.head['pid'])).toBe('2')
  expect(await count(one.server, head['pid'])).toBe('2')
})

test('an actor goes back to what it knew before', async () => {
  const { server, token } = await start()
  const policy = { durable: 'before-reply' }
  const { pid } = (await order(server, 'spawn', { token, name: 'counter', policy }, counter)).head
  for (let i = 0; i < 3; i++) await count(server, pid)
  const { snapshots } = (await order(server, 'snapshots', { token, pid })).head
  const second = (snapshots as { id: number; messages: number }[]).find(({ messages }) => messages === 2)
  expect((await order(server, 'rewind', { token, pid, id: second?.id })).status).toBe(200)
  expect(await count(server, pid)).toBe('3')
  expect((await order(server, 'rewind', { token, pid })).status).toBe(400)
  expect((await order(server, 'rewind', { token, pid, id: 999 })).status).toBe(400)
})

test('a swap, a restart, a policy and the log', async () => {
  const { server, token } = await start()
  const { pid } = (await order(server, 'spawn', { token, name: 'counter' }, counter)).head
  expect(await order(server, 'swap', { token, pid }, counter)).toMatchObject({ status: 200 })
  expect(await order(server, 'restart', { token, pid })).toMatchObject({ status: 200 })
  const changed = await order(server, 'policy', { token, pid, policy: { callers: 'browser' } })
  expect(changed.head).toMatchObject({ policy: { callers: 'browser' } })
  const closed = await fetch(new URL(`ww/0.1.0/self/${String(pid)}/increment`, server.url), { method: 'POST' })
  expect(closed.status).toBe(403)
  const { head } = await order(server, 'logs', { token, pid })
  const lines = head['lines'] as { text: string; at: number }[]
  expect(lines.map(({ text }) => text).join('\n')).toContain('Its policy was changed: callers.')
  const last = lines.at(-1)?.at
  expect((await order(server, 'logs', { token, pid, from: (last ?? 0) + 1 })).head).toMatchObject({ lines: [] })
})

test('a kill is undone: the same PID, files and reminders', async () => {
  const { server, token } = await start()
  const { pid } = (await order(server, 'spawn', { token, name: 'counter' }, counter)).head
  const { tarOf } = await import('../../actors/files/tar.ts')
  const entry = { kind: 'file', path: 'notes/a.txt', bytes: new TextEncoder().encode('hello') } as const
  await order(server, 'import', { token, pid }, new Uint8Array(await (await tarOf([entry], Date.now())).arrayBuffer()))
  await order(server, 'remind', { token, pid, method: 'increment', inMs: 3_600_000 })
  const killed = await order(server, 'kill', { token, pid })
  expect(killed).toMatchObject({ status: 200, head: { name: 'counter', undo: expect.any(String) as unknown } })
  expect((await order(server, 'list', { token, pid })).head).toMatchObject({ processes: [] })
  const { undo } = killed.head
  expect(await order(server, 'undo', { undo })).toMatchObject({ status: 403 })
  expect(await order(server, 'undo', { token, undo })).toMatchObject({ status: 200 })
  expect((await order(server, 'list', { token, pid })).head).toMatchObject({
    processes: [{ name: 'counter', pid, args: [], restart: { type: 'permanent' }, persisted: true }],
  })
  expect(await count(server, pid)).toBe('1')
  expect((await order(server, 'files', { token, pid })).head).toMatchObject({
    entries: [{ path: 'notes' }, { path: 'notes/a.txt', kind: 'file', bytes: 5 }],
  })
  expect(Buffer.from((await order(server, 'read', { token, pid, path: 'notes/a.txt' })).body).toString()).toBe('hello')
  expect(await order(server, 'remove', { token, pid, path: 'notes/a.txt' })).toMatchObject({ status: 200 })
  expect(await order(server, 'read', { token, pid, path: 'notes/a.txt' })).toMatchObject({ status: 400 })
  expect((await order(server, 'reminders', { token, pid })).head['reminders']).toMatchObject([{ method: 'increment' }])
  // A second time is too late, as is any time after a while.
  const again = await order(server, 'undo', { token, undo })
  expect(again).toMatchObject({ status: 410, head: { code: 'ERR_TOO_LATE' } })
})

test('a swap is undone, unless the process runs yet another module by now', async () => {
  const { server, token } = await start()
  const { pid } = (await order(server, 'spawn', { token, name: 'counter' }, counter)).head
  const cid = async (): Promise<unknown> => {
    const { head } = await order(server, 'list', { token, pid })
    return (head['processes'] as { cid: string }[])[0]?.cid
  }
  const first = await cid()
  // The module that runs already takes the place of nothing.
  expect((await order(server, 'swap', { token, pid }, counter)).head).not.toHaveProperty('undo')
  const asking = await compiled(ASKING)
  const swapped = await order(server, 'swap', { token, pid }, asking)
  expect(swapped.head).toMatchObject({ methods: ['run'] })
  expect(await cid()).not.toBe(first)
  expect(Buffer.from((await order(server, 'module', { token, pid })).body).equals(asking)).toBe(true)
  expect(await order(server, 'undo', { token, undo: swapped.head['undo'] })).toMatchObject({ status: 200 })
  expect(await cid()).toBe(first)
  const { undo } = (await order(server, 'swap', { token, pid }, asking)).head
  await order(server, 'swap', { token, pid }, counter)
  const late = await order(server, 'undo', { token, undo })
  expect(late).toMatchObject({ status: 410, head: { code: 'ERR_TOO_LATE' } })
  expect(await cid()).toBe(first)
})

/** An actor that asks a web server. */
const ASKING = `
import { ask, message, reply } from './actor'
export function run(): void { reply(ask(message(), '')) }
`

test('an actor asks the web servers that its policy lists, also if it got that right after it was made', async () => {
  const { server, token } = await start()
  const { pid } = (await order(server, 'spawn', { token, name: 'asking' }, await compiled(ASKING))).head
  const ask = async (): Promise<string> => {
    const url = new URL(`ww/0.1.0/self/${String(pid)}/run`, server.url)
    const path = new URL('version', server.url).href.replace('://', '/')
    return (await fetch(url, { method: 'POST', body: `/http/GET/${path}` })).text()
  }
  expect(await ask()).toContain('ERR_TRAPPED')
  const given = await order(server, 'policy', { token, pid, policy: { http: [new URL(server.url).origin] } })
  expect(given.head).toMatchObject({ later: ['http'] })
  // It goes on with what it had in memory, and finds the directory all the same.
  expect(await order(server, 'restart', { token, pid })).toMatchObject({ status: 200 })
  expect((await ask()).trim()).toBe('ww/0.1.0')
})

test('the files of an actor go to another one as a tar', async () => {
  const { server, token } = await start()
  const spawned = async (): Promise<unknown> =>
    (await order(server, 'spawn', { token, name: 'c' }, counter)).head['pid']
  const [from, to] = [await spawned(), await spawned()]
  const { tarOf } = await import('../../actors/files/tar.ts')
  const entry = { kind: 'file', path: 'notes/a.txt', bytes: new TextEncoder().encode('hello') } as const
  const tar = new Uint8Array(await (await tarOf([entry], Date.now())).arrayBuffer())
  expect(await order(server, 'import', { token, pid: from }, tar)).toMatchObject({ status: 200 })
  const taken = await order(server, 'export', { token, pid: from })
  expect(Buffer.from(taken.body).includes('hello')).toBe(true)
  await order(server, 'import', { token, pid: to }, taken.body)
  expect(Buffer.from((await order(server, 'export', { token, pid: to })).body).includes('notes/a.txt')).toBe(true)
  const wrong = await order(server, 'import', { token, pid: to }, new Uint8Array(700).fill(7))
  expect(wrong).toMatchObject({ status: 400, head: { code: 'ERR_BAD_REQUEST' } })
})

test('the reminders of an actor go along with its files, and those whose time has passed come late', async () => {
  const { server, token } = await start()
  const module = await compiled(REMINDED)
  const spawned = async (): Promise<unknown> => (await order(server, 'spawn', { token, name: 'r' }, module)).head['pid']
  const [from, to, other] = [
    await spawned(),
    await spawned(),
    (await order(server, 'spawn', { token }, counter)).head['pid'],
  ]
  const planned = { method: 'wake', cron: '0 9 * * *', timeZone: 'Europe/Berlin' }
  await order(server, 'remind', { token, pid: from, ...planned }, Buffer.from('daily'))
  await order(server, 'remind', { token, pid: from, method: 'wake', inMs: 500 }, Buffer.from('soon'))
  const taken = await order(server, 'export', { token, pid: from })
  const told = async (pid: unknown): Promise<string> =>
    (await fetch(new URL(`ww/0.1.0/self/${String(pid)}/told`, server.url), { method: 'POST' })).text()
  await expect.poll(() => told(from)).toContain('soon|')
  expect(await order(server, 'import', { token, pid: to }, taken.body)).toMatchObject({ head: { reminders: 2 } })
  await expect.poll(() => told(to)).toMatch(/^\{"reminder":.*"lateMs":[1-9]\d*,"missed":0\}\nsoon\|$/)
  expect((await order(server, 'reminders', { token, pid: to })).head).toMatchObject({ reminders: [planned] })
  // A second time it is the same one.
  await order(server, 'import', { token, pid: from }, taken.body)
  await expect
    .poll(async () => (await order(server, 'reminders', { token, pid: from })).head)
    .toMatchObject({ reminders: [planned] })
  const refused = await order(server, 'import', { token, pid: other }, taken.body)
  expect(refused).toMatchObject({ status: 404, head: { code: 'ERR_NO_METHOD' } })
})

test('nobody manages a host without its token, which only its owner can read', async () => {
  const { server, data, token } = await start()
  for (const head of [{}, { token: 'x' }, { token: token.slice(1) }, { token: null }, { token: [token] }]) {
    for (const method of ['spawn', 'list', 'kill', 'snapshot', 'logs']) {
      expect.soft(await order(server, method, head)).toMatchObject({ status: 403, head: { code: 'ERR_DENIED' } })
    }
  }
  expect((await stat(join(data, TOKEN_FILE))).mode & 0o777).toBe(0o600)
  const plain = await servers.start()
  expect(await order(plain, 'list', {})).toMatchObject({ status: 404, head: { code: 'ERR_NO_PROC' } })
})

test.each([
  ['no JSON', 'spawn', 'nonsense', 'The first line is not JSON'],
  ['no object', 'spawn', '[]\n', 'The first line is not an object'],
  ['a head that never ends', 'spawn', ' '.repeat(300_000), 'The head line is too long'],
])('a message with %s is refused in words', async (_, method, body, words) => {
  const { server } = await start()
  const reply = await fetch(new URL(`ww/0.1.0/self/sys/${method}`, server.url), { method: 'POST', body })
  expect(reply.status).toBe(400)
  expect(await reply.json()).toMatchObject({
    code: 'ERR_BAD_REQUEST',
    message: expect.stringContaining(words) as unknown,
  })
})

test('orders that make no sense change nothing, and say why', async () => {
  const { server, token } = await start()
  const wrong = await Promise.all([
    order(server, 'spawn', { token }, new TextEncoder().encode('no module')),
    order(server, 'spawn', { token, quantum: true }, counter),
    order(server, 'spawn', { token, policy: { memory: 'magic' } }, counter),
    ...[5, 0, '', [], null, true].flatMap((policy) => [
      order(server, 'spawn', { token, policy }, counter),
      order(server, 'restore', { token, policy }, counter),
    ]),
    ...[5, 0, '', [5], null, { x: 5 }, { '/share/x': 5 }, { '/share/x': null }, { '/data/x': {} }].map((files) =>
      order(server, 'spawn', { token, files }, counter),
    ),
    order(server, 'restore', { token }, counter),
    order(server, 'kill', { token }),
    order(server, 'kill', { token, pid: server.peerId }),
    order(server, 'policy', { token, pid: 'x', policy: 7 }),
  ])
  for (const { status, head } of wrong) {
    expect.soft(status).toBeGreaterThanOrEqual(400)
    expect
      .soft(head)
      .toMatchObject({ code: expect.stringMatching(/^ERR_/) as unknown, message: expect.any(String) as unknown })
  }
  const { head } = await order(server, 'list', { token })
  expect(head['processes']).toHaveLength(1)
  const files = { x: 'a', '/share/y': 'b' }
  const { pid } = (await order(server, 'spawn', { token, files }, counter)).head
  expect((await order(server, 'files', { token, pid })).head).toMatchObject({ entries: [{ path: 'x', bytes: 1 }] })
})

/** An actor that asks to be reminded, and notes what it is told. */
const REMINDED = `
import { ask, message, reply } from './actor'
let notes = ''
export function plan(): void { reply(ask('/ww/0.1.0/self/sys/remind', message())) }
export function take(): void { reply(ask('/ww/0.1.0/self/sys/forget', message())) }
export function wake(): void { notes += message() + '|' }
export function told(): void { reply(notes) }
`

async function compiled(text: string): Promise<Uint8Array> {
  const folder = await servers.newFolder()
  const sources = ['actor.ts', 'io.ts', 'wasi_snapshot_preview1.ts']
  await Promise.all(sources.map((name) => copyFile(fromRoot('src/examples', name), join(folder, name))))
  const main = join(folder, 'main.ts')
  await writeFile(main, text)
  return new Uint8Array(await compileAssemblyScript(main))
}

test('an actor reminds itself by opening a file, also over a restart of its host', async () => {
  const { server, data, token } = await start()
  const policy = { call: 'owner', durable: 'before-reply' }
  const module = await compiled(REMINDED)
  const { pid } = (await order(server, 'spawn', { token, name: 'reminded', policy }, module)).head
  const send = async (host: GliaServer, method: string, message = ''): Promise<string> => {
    const url = new URL(`ww/0.1.0/self/${String(pid)}/${method}`, host.url)
    return (await fetch(url, { method: 'POST', body: message })).text()
  }
  const soon = JSON.parse(await send(server, 'plan', '{"method":"wake","inMs":1}\nfirst')) as { id: string }
  await expect.poll(() => send(server, 'told')).toContain('first|')
  expect(await send(server, 'told')).toContain(`{"reminder":"${soon.id}","due":"`)
  await send(server, 'plan', '{"method":"wake","inMs":1500}\nsecond')
  const third = JSON.parse(await send(server, 'plan', '{"method":"wake","inMs":1500}\nthird')) as { id: string }
  await send(server, 'take', JSON.stringify({ id: third.id }))
  const { head } = await order(server, 'reminders', { token, pid })
  expect(head['reminders']).toMatchObject([{ method: 'wake' }])
  await server.stop()
  const again = await start(data)
  await expect.poll(() => send(again.server, 'told')).toMatch(/first\|.*"missed":0\}\nsecond\|/s)
  expect(await send(again.server, 'told')).not.toContain('third')
  // Nobody else may: neither a peer without the token, nor a process for another.
  const other = (await order(again.server, 'spawn', { token, policy }, module)).head['pid']
  const forOther = await order(again.server, 'remind', { pid, method: 'wake', inMs: 1 })
  expect(forOther).toMatchObject({ status: 403, head: { code: 'ERR_DENIED' } })
  expect(other).not.toBe(pid)
  await order(again.server, 'kill', { token, pid })
  expect((await order(again.server, 'reminders', { token, pid })).status).toBe(404)
})

test('a host says its name, and gives the modules that its actors share, and no others', async () => {
  const { server, token } = await start(undefined, { name: 'Box' })
  const policy = { shareModule: true }
  const { head: made } = await order(server, 'spawn', { token, name: 'shared', policy }, counter)
  const asker = await glia()
  await asker.mesh.connect(server.relayAddresses.find((address) => !address.includes('/ws')) ?? '')
  await expect
    .poll(() => asker.mesh.peers().find(({ peerId }) => peerId === server.peerId))
    .toMatchObject({ name: 'Box' })
  const modules = await asker.mesh.modules()
  const signal = AbortSignal.timeout(20_000)
  const told = await modules.processOf(server.peerId, String(made['pid']), signal)
  expect(told).toMatchObject({ name: 'shared', module: { bytes: counter.length } })
  const cid = told.module?.cid ?? ''
  const { bytes } = await modules.fetch(cid, server.peerId, signal)
  expect(Buffer.compare(bytes, counter)).toBe(0)
  await order(server, 'policy', { token, pid: made['pid'], policy: { shareModule: false } })
  await expect(modules.fetch(cid, server.peerId, signal)).rejects.toMatchObject({ code: 'ERR_DENIED' })
})

test('a key is the same instance for a peer of Glia, a native peer and a client of the gateway', async () => {
  const { server, token } = await start()
  const { pid } = (await order(server, 'spawn', { token, name: 'counter', key: true }, counter)).head
  const where = server.relayAddresses.find((address) => !address.includes('/ws')) ?? ''
  const addressOf = (key: string): string => `/ww/0.1.0/${server.peerId}/${String(pid)}${key}/increment`
  const [peer, native] = await Promise.all([glia(), plainClient()])
  await peer.mesh.connect(where)
  const call = async (key: string): Promise<string> => {
    const address = await peer.router.resolve(addressOf(key), { signal: AbortSignal.timeout(20_000) })
    const stream = peer.router.open(address, { caller: 'browser' })
    await stream.closeWrite()
    return Buffer.from(await readAll(stream))
      .toString()
      .trim()
  }
  expect([await call(':Åsa’s'), await call(':Åsa’s'), await call(':b b')]).toEqual(['1', '2', '1'])
  await expect(call('')).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })

  const stream = await native.dialProtocol(multiaddr(where), addressOf(':Åsa’s'))
  stream.send(Buffer.from('40'))
  await stream.close()
  let reply = ''
  for await (const data of stream) reply += Buffer.from(data.subarray()).toString()
  expect(reply.trim()).toBe('42')

  const url = new URL(`ww/0.1.0/self/${String(pid)}/increment?key=${encodeURIComponent('A\u030asa’s')}`, server.url)
  expect((await (await fetch(url, { method: 'POST' })).text()).trim()).toBe('43')
  const { head } = await order(server, 'keys', { token, pid })
  expect(head).toMatchObject({ total: 2, keys: [{ key: 'b b' }, { key: 'Åsa’s' }] })
})

/** An actor that answers once its message is whole, by way of another. */
const SLOW = `
import { ask, message, reply } from './actor'
export function pass(): void { const parts = message().split(' '); reply(ask(parts[0], parts[1])) }
export function echo(): void { reply(message()) }
`

/** A call whose message is not whole before its `request` ends. */
async function begin(server: GliaServer, path: string, first: string) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent: ClientRequest = request(new URL(path, server.url), { method: 'POST' }, resolve).on('error', reject)
  await new Promise((written) => void sent.write(first, written))
  const reply = async () => {
    const answer = await promise
    let text = ''
    for await (const chunk of answer.setEncoding('utf8')) text += String(chunk)
    return { status: answer.statusCode, text }
  }
  return { sent, reply: reply() }
}

async function slowActors(graceSeconds: number) {
  const { server, token } = await start(undefined, { graceSeconds })
  const module = await compiled(SLOW)
  const spawned = async (name: string): Promise<unknown> =>
    (await order(server, 'spawn', { token, name, policy: { call: 'owner' } }, module)).head['pid']
  const [one, other] = [await spawned('one'), await spawned('other')]
  const state = async (name: string): Promise<unknown> => {
    const { processes } = (await order(server, 'list', { token })).head as { processes: Record<string, unknown>[] }
    return processes.find((each) => each['name'] === name)?.['state']
  }
  return { server, token, one: `ww/0.1.0/self/${String(one)}`, other: `ww/0.1.0/self/${String(other)}`, state }
}

test('a host that is told to stop ends the messages that run, with the calls that they make, and takes no others', async () => {
  const { server, one, other, state } = await slowActors(20)
  const { sent, reply } = await begin(server, `${one}/pass`, `/${other}/echo hel`)
  await expect.poll(() => state('one')).toBe('busy')
  const stopped = server.stop()
  const refused = await fetch(new URL(`${other}/echo`, server.url), { method: 'POST', body: 'x' })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await refused.json()).toMatchObject({ code: 'ERR_PROC_STOPPED' })
  expect((await fetch(new URL('readyz', server.url))).status).toBe(503)
  sent.end('lo')
  expect(await reply).toEqual({ status: 200, text: 'hello' })
  await stopped
})

/** An actor that answers once its message is whole, and notes what it is reminded of. */
const BUSY = `
import { message, reply } from './actor'
let notes = ''
export function echo(): void { reply(message()) }
export function wake(): void { notes += message() + '|' }
export function told(): void { reply(notes) }
`

test('a reminder that comes while a host stops is delivered once: by then, or after the next start', async () => {
  const { server, data, token } = await start(undefined, { graceSeconds: 20 })
  const policy = { durable: 'before-reply' }
  const { pid } = (await order(server, 'spawn', { token, policy }, await compiled(BUSY))).head
  const echo = `ww/0.1.0/self/${String(pid)}/echo`
  const { sent, reply } = await begin(server, echo, 'hel')
  const queued = async (): Promise<unknown> => {
    const { processes } = (await order(server, 'list', { token })).head as { processes: Record<string, unknown>[] }
    return processes.find((each) => each['pid'] === pid)?.['queued']
  }
  await order(server, 'remind', { token, pid, method: 'wake', inMs: 0 }, Buffer.from('tea'))
  await expect.poll(queued).toBe(1)
  const stopped = server.stop()
  await expect.poll(async () => (await fetch(new URL('readyz', server.url))).status).toBe(503)
  sent.end('lo')
  expect(await reply).toEqual({ status: 200, text: 'hello' })
  await stopped
  const again = await start(data)
  expect((await order(again.server, 'reminders', { token, pid })).head).toEqual({ reminders: [] })
  const told = await fetch(new URL(`ww/0.1.0/self/${String(pid)}/told`, again.server.url), { method: 'POST' })
  expect(await told.text()).toMatch(/^[^|]*tea\|$/)
})

test('a reminder that a host that stops cuts off comes after the next start', async () => {
  const { server, data, token } = await start(undefined, { graceSeconds: 1 })
  const policy = { durable: 'before-reply' }
  const { pid } = (await order(server, 'spawn', { token, policy }, await compiled(BUSY))).head
  const { sent, reply } = await begin(server, `ww/0.1.0/self/${String(pid)}/echo`, 'hel')
  await order(server, 'remind', { token, pid, method: 'wake', inMs: 0 }, Buffer.from('tea'))
  await server.stop()
  expect(await reply).toMatchObject({ status: 503 })
  sent.destroy()
  const again = await start(data)
  const told = new URL(`ww/0.1.0/self/${String(pid)}/told`, again.server.url)
  await expect.poll(async () => (await fetch(told, { method: 'POST' })).text()).toMatch(/^[^|]*tea\|$/)
  expect((await order(again.server, 'reminders', { token, pid })).head).toEqual({ reminders: [] })
})

/** A spawn whose module has come in part. */
async function beginSpawn(server: GliaServer, token: string) {
  const half = Buffer.from(counter.subarray(0, counter.length / 2)).toString('latin1')
  const { sent, reply } = await begin(server, 'ww/0.1.0/self/sys/spawn', '')
  await new Promise((written) => void sent.write(`${JSON.stringify({ token, name: 'late' })}\n`, written))
  await new Promise((written) => void sent.write(half, 'latin1', written))
  const inFlight = async (): Promise<string> => (await fetch(new URL('metrics', server.url))).text()
  await expect.poll(inFlight).toContain('glia_http_calls_in_flight 1')
  return { sent, reply }
}

test('a host that is told to stop ends the spawn that is under way', async () => {
  const { server, data, token } = await start(undefined, { graceSeconds: 20 })
  const { sent, reply } = await beginSpawn(server, token)
  const stopped = server.stop()
  await expect.poll(async () => (await fetch(new URL('readyz', server.url))).status).toBe(503)
  sent.end(counter.subarray(counter.length / 2))
  const { status, text } = await reply
  expect(status).toBe(200)
  await stopped
  const { pid } = JSON.parse(text) as { pid: string }
  const again = await start(data)
  expect(await count(again.server, pid)).toBe('1')
})

test('a spawn that does not end in time is refused with a reason, and leaves no process', async () => {
  const { server, data, token } = await start(undefined, { graceSeconds: 1 })
  const { sent, reply } = await beginSpawn(server, token)
  await server.stop()
  const { status, text } = await reply
  expect([status, JSON.parse(text)]).toMatchObject([503, { code: 'ERR_PROC_STOPPED' }])
  sent.destroy()
  const again = await start(data)
  expect((await order(again.server, 'list', { token })).head['processes']).toHaveLength(1)
})

test('a message that does not end in time is ended with a reason', async () => {
  const { server, one, state } = await slowActors(1)
  const { sent, reply } = await begin(server, `${one}/echo`, 'hel')
  await expect.poll(() => state('one')).toBe('busy')
  await server.stop()
  const { status, text } = await reply
  expect([status, JSON.parse(text)]).toMatchObject([503, { code: 'ERR_PROC_STOPPED' }])
  sent.destroy()
})

/** An actor whose method never returns. */
const SPINNING = `
import { reply } from './actor'
export function spin(): void { while (true) {} }
export function value(): void { reply('0') }
`

/** An actor that spins, for as long as nobody ends it, and one that does not. */
async function spinning() {
  const { server, token } = await start()
  const policy = { deadlineMs: 600_000 }
  const { pid } = (await order(server, 'spawn', { token, policy }, await compiled(SPINNING))).head
  const other = (await order(server, 'spawn', { token, name: 'counter' }, counter)).head['pid']
  const spun = fetch(new URL(`ww/0.1.0/self/${String(pid)}/spin`, server.url), { method: 'POST' })
  const listed = async (): Promise<Record<string, unknown> | undefined> => {
    const { processes } = (await order(server, 'list', { token, pid })).head as { processes: Record<string, unknown>[] }
    return processes[0]
  }
  await expect.poll(listed).toMatchObject({ state: 'busy' })
  return { server, token, pid, other, spun, listed }
}

test.each<[string, object, Uint8Array]>([
  ['snapshot', {}, new Uint8Array()],
  ['remove', { path: 'x' }, new Uint8Array()],
  ['swap', {}, new Uint8Array()],
])('a %s that waits for an actor keeps no other order waiting, and a kill ends it', async (method, head, body) => {
  const { server, token, pid, other, spun, listed } = await spinning()
  const given = method === 'swap' ? counter : body
  const waiting = Promise.all([0, 1].map(() => order(server, method, { token, pid, ...head }, given)))
  let isOver = false
  void waiting.then(() => (isOver = true))
  expect(await order(server, 'list', { token })).toMatchObject({ status: 200 })
  expect(await order(server, 'logs', { token, pid })).toMatchObject({ status: 200 })
  expect(await order(server, 'policy', { token, pid: other, policy: { listed: true } })).toMatchObject({ status: 200 })
  expect(await order(server, 'snapshot', { token, pid: other })).toMatchObject({ status: 200 })
  expect(await listed()).toMatchObject({ state: 'busy' })
  expect(isOver).toBe(false)
  expect(await order(server, 'kill', { token, pid })).toMatchObject({ status: 200 })
  expect((await spun).status).toBe(503)
  const codes = (await waiting).map((answer) => answer.head['code'])
  expect(codes[0]).toBe('ERR_PROC_STOPPED')
  // The next one finds a process that is being killed, with nothing in memory, or none.
  expect(['ERR_PROC_STOPPED', 'ERR_NO_PROC', 'ERR_BAD_REQUEST']).toContain(codes[1])
})

test('a restart does not wait behind a snapshot that waits for an actor', async () => {
  const { server, token, pid, spun } = await spinning()
  const snapshot = order(server, 'snapshot', { token, pid })
  expect(await order(server, 'restart', { token, pid })).toMatchObject({ status: 200 })
  expect((await spun).status).toBe(503)
  expect((await snapshot).status).toBeGreaterThan(0)
})

test('messages without a whole head, and without a token, keep nobody of their address waiting', async () => {
  const { server, token } = await start()
  const slow = await Promise.all(Array.from({ length: 12 }, () => begin(server, 'ww/0.1.0/self/sys/list', '{')))
  const unknown = await Promise.all([
    begin(server, 'ww/0.1.0/self/sys/spawn', '{"name":"x"}\nbody'),
    begin(server, 'ww/0.1.0/self/sys/spawn', '{"token":"x"}\nbody'),
  ])
  let answered = 0
  for (const { reply } of slow) void reply.then(() => (answered += 1))
  expect(await order(server, 'list', { token })).toMatchObject({ status: 200 })
  expect(await order(server, 'spawn', { token }, counter)).toMatchObject({ status: 200 })
  expect(answered).toBe(0)
  // One that goes on is answered, and more than so many that do not make room for each other.
  slow[11]?.sent.end(`"token":"${token}"}`)
  expect(await slow[11]?.reply).toMatchObject({ status: 200 })
  const more = await Promise.all(Array.from({ length: 22 }, () => begin(server, 'ww/0.1.0/self/sys/list', '{')))
  const first = await slow[0]?.reply
  expect([first?.status, JSON.parse(first?.text ?? '')]).toMatchObject([429, { code: 'ERR_MAILBOX_FULL' }])
  expect(await order(server, 'list', { token })).toMatchObject({ status: 200 })
  const rest = [...slow.slice(0, 11), ...unknown, ...more]
  for (const { sent } of rest) sent.end('}')
  const statuses = await Promise.all(rest.map(async ({ reply }) => (await reply).status))
  expect(new Set(statuses)).toEqual(new Set([403, 429]))
})
