import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPid } from '../glia/pid.ts'
import { echo, makeProc, pathTo } from '../glia/test-peer.ts'
import { glia, reserved } from '../mesh/test-nodes.ts'
import { ask, testServers, type TestServers } from './test-server.ts'

let servers: TestServers

beforeAll(async () => {
  servers = await testServers()
})

afterAll(() => servers.end())

test('a server that passes calls on tells their PIDs neither in its figures nor in its log nor to others', async () => {
  const lines: string[] = []
  const note = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '))
  const server = await servers.start({ log: { debug: note, info: note, warn: note } })
  const open = makeProc(() => echo).proc
  const closed = makeProc(() => echo, { policy: { callers: 'browser' } }).proc
  const absent = newPid()
  const peer = await glia([makeProc(() => echo).proc, open, closed])
  peer.mesh.useRelays(server.relayAddresses)
  await reserved(peer)
  const post = (pid: string, method?: string) =>
    ask(pathTo(pid, method, peer.peerId), { port: server.port, method: 'POST', body: 'hello' })
  expect(await post(open.pid)).toMatchObject({ status: 200, body: 'hello' })
  const failed = await Promise.all([post(closed.pid), post(absent), post(open.pid, 'walk')])
  expect(failed.map(({ status }) => status)).toEqual([403, 404, 404])
  const told = await Promise.all(
    ['/metrics', '/status', '/info', '/root', '/version', '/.well-known/glia.json'].map((path) =>
      ask(path, { port: server.port }),
    ),
  )
  const secrets = [open.pid, closed.pid]
  const all = [...lines, ...told.map(({ body }) => body), ...failed.map(({ headers }) => JSON.stringify(headers))]
  for (const pid of [...secrets, absent]) expect(all.join('\n')).not.toContain(pid)
  // An error names only what its caller has named.
  const [denied, none, noMethod] = failed.map(({ body }) => body)
  for (const body of [denied, none, noMethod]) for (const pid of secrets) expect(body).not.toContain(pid)
})
