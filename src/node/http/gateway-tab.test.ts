import { type ClientRequest, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { echo, makeProc } from '../../glia/test-peer.ts'
import type { MeshNode } from '../../mesh/node.ts'
import type { GliaServer } from '../server.ts'
import { ask, testServers, type TestServers } from '../test-server.ts'
import { startTab } from '../test-tab.ts'

// For a tab a gateway is one peer. Its clients are told apart all the same.

const { proc } = makeProc(() => echo, { policy: { listed: true } })
let servers: TestServers
let server: GliaServer
let tab: MeshNode
let path: string

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start()
  const relay = server.relayAddresses.find((address) => address.includes('/ws/')) ?? ''
  tab = await startTab(proc, [relay])
  path = `/ww/0.1.0/${tab.peerId}/${proc.pid}/run`
})

afterAll(async () => {
  await tab.stop()
  await servers.end()
})

/** A call of a client whose message begins and does not end. */
function begin(localAddress: string): ClientRequest {
  const call = request({ port: server.port, host: '127.0.0.1', localAddress, path, method: 'POST' })
  call.on('error', () => undefined)
  call.write('x')
  return call
}

test('250 slow bodies of one client to a tab keep no other client of the gateway from calling it', async () => {
  await expect.poll(() => tab.relays()[0]?.state, { timeout: 30_000 }).toBe('reserved')
  const calls = Array.from({ length: 250 }, () => begin('127.0.0.2'))
  await expect.poll(() => proc.waiting, { timeout: 15_000 }).toBeGreaterThan(20)
  for (let i = 0; i < 5; i++) {
    expect(await ask(path, { port: server.port, method: 'POST', body: 'hello' })).toMatchObject({
      status: 200,
      body: 'hello',
    })
  }
  for (const call of calls) call.destroy()
  await expect.poll(() => proc.waiting).toBe(0)
})

test('the gateway tells what a tab lists to it', async () => {
  await expect.poll(() => tab.relays()[0]?.state, { timeout: 30_000 }).toBe('reserved')
  const reply = await ask(`/ww/0.1.0/${tab.peerId}/listed`, { port: server.port })
  expect(reply).toMatchObject({ status: 200 })
  expect(JSON.parse(reply.body)).toEqual([{ pid: proc.pid, name: proc.name, methods: ['run'] }])
  const own = await ask('/ww/0.1.0/self/listed', { port: server.port })
  expect(JSON.parse(own.body)).toEqual([
    { pid: (await ask('/root', { port: server.port })).body, name: 'root', methods: ['echo', 'about'] },
  ])
})
