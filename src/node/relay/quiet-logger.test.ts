import { afterEach, expect, test, vi } from 'vitest'
import { testServers, type TestServers } from '../test-server.ts'
import { quietLogger } from './quiet-logger.ts'

let servers: TestServers | undefined

afterEach(async () => {
  vi.unstubAllEnvs()
  await servers?.end()
})

test('all of libp2p in a relay has one logger, which says nothing', () => {
  const logger = quietLogger('')
  const log = logger?.forComponent('libp2p:connection')
  expect(log?.newScope('stream')).toBe(log)
  expect(logger?.forComponent('libp2p:yamux')).toBe(log)
  expect(log?.enabled).toBe(false)
})

test('with DEBUG libp2p has its own loggers', () => {
  expect(quietLogger('libp2p:*')).toBeUndefined()
  vi.stubEnv('DEBUG', 'libp2p:*')
  expect(quietLogger()).toBeUndefined()
})

test('a relay runs with the logger that says nothing', async () => {
  servers = await testServers()
  expect((await servers.start()).relayAddresses).not.toEqual([])
})
