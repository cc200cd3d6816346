import { afterAll, beforeAll, expect, test } from 'vitest'
import about from '../../package.json' with { type: 'json' }
import type { Logger } from '../glia/log.ts'
import { newPid } from '../glia/pid.ts'
import { echo, makeProc } from '../glia/test-peer.ts'
import { serverLog } from './log.ts'
import type { GliaServer } from './server.ts'
import { ask, testServers, type TestServers } from './test-server.ts'
import { startTab } from './test-tab.ts'

let servers: TestServers
let server: GliaServer
const lines: string[] = []
const log: Logger = serverLog({ log: 'json', logLevel: 'info' }, (line) => lines.push(line))

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start({ log, accessLog: true })
})

afterAll(() => servers.end())

/** Lines of the log with this message. */
function logged(msg: string): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['msg'] === msg)
}

test.each([
  ['/healthz', 'ok\n'],
  ['/readyz', 'ready\n'],
])('%s answers whoever asks, under any name', async (path, body) => {
  expect(await ask(path, { port: server.port, host: 'glia:2080' })).toMatchObject({ status: 200, body })
  expect(await ask(path, { port: server.port, method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  expect(await ask(path, { port: server.port, method: 'POST' })).toMatchObject({ status: 405 })
})

test('a relay that is to join another one is ready once it has', async () => {
  const other = await servers.start()
  const [address = ''] = other.relayAddresses
  const { peerId } = await servers.start()
  // Nobody is at this address: the relay that was there has another id.
  const waiting = await servers.start({ relays: [address.replace(other.peerId, peerId)] })
  expect(await ask('/readyz', { port: waiting.port })).toMatchObject({
    status: 503,
    body: expect.any(String) as string,
  })
  expect(await ask('/healthz', { port: waiting.port })).toMatchObject({ status: 200 })
  const joining = await servers.start({ relays: [address] })
  await expect.poll(async () => (await ask('/readyz', { port: joining.port })).status).toBe(200)
})

test('the version is at /version.json and in the metrics', async () => {
  const { body } = await ask('/version.json', { port: server.port })
  expect(JSON.parse(body)).toEqual({ name: 'glia', version: about.version, protocol: 'ww/0.1.0' })
  const metrics = await ask('/metrics', { port: server.port })
  expect(metrics.body).toContain(`glia_build_info{version="${about.version}"} 1\n`)
})

test('who joins and who leaves is in the log', async () => {
  const relay = server.relayAddresses.find((address) => address.includes('/ws/')) ?? ''
  const tab = await startTab(makeProc(() => echo).proc, [relay])
  const line = { level: 'info', peer: tab.peerId, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string }
  await expect.poll(() => logged('A peer joined')).toContainEqual({ ...line, msg: 'A peer joined' })
  await tab.stop()
  await expect.poll(() => logged('A peer left')).toContainEqual({ ...line, msg: 'A peer left' })
})

test('the access log has each request, and never a PID, however it was written', async () => {
  const { port } = server
  const root = (await ask('/root', { port })).body
  const encoded = Array.from(root, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')
  for (const pid of [root, encoded, newPid()]) {
    await ask(`/ww/0.1.0/self/${pid}/echo?token=${root}`, { port, method: 'POST', body: 'x' })
  }
  await ask(`/${root}.txt`, { port })
  await ask('/%ff', { port })
  await expect
    .poll(() => logged('request').filter(({ path }) => path === '(not valid percent-encoding)'))
    .toHaveLength(1)
  const calls = logged('request').filter(({ path }) => path === '/ww/0.1.0/self/(a PID)/echo')
  expect(calls.map(({ method, status, client }) => [method, status, client])).toEqual([
    ['POST', 200, '127.0.0.1'],
    ['POST', 200, '127.0.0.1'],
    ['POST', 404, '127.0.0.1'],
  ])
  expect(lines.join('\n')).not.toContain(root)
})

test('without its flag there is no access log', async () => {
  const said: string[] = []
  const quiet = await servers.start({ log: serverLog({ log: 'text', logLevel: 'debug' }, (line) => said.push(line)) })
  await ask('/status', { port: quiet.port })
  await quiet.stop()
  expect(said.join('\n')).not.toContain('/status')
})

test('lines of text have fields, and nothing in them commands the terminal', () => {
  const said: [string, string][] = []
  const text = serverLog({ log: 'text', logLevel: 'info' }, (line, level) => said.push([level, line]))
  text.debug('left out')
  text.info('A peer joined', { peer: 'p', agent: 'red \u001b[31m' })
  text.warn('it failed:', 'why')
  expect(said).toEqual([
    ['info', '[glia] A peer joined peer=p agent=red  [31m'],
    ['warn', '[glia] it failed: why'],
  ])
})
