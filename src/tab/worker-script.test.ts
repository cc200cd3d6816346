import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ACTOR_CSP } from '../headers.ts'
import { workerScript } from './worker-script.ts'

let isStalled = true
const server = createServer((_, response) => {
  if (!isStalled) response.writeHead(200, { 'content-security-policy': ACTOR_CSP }).end()
})
let url = ''

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/actor.js`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('a server that does not answer fails the starts that wait for it, and the next start asks again', async () => {
  const worker = {} as Worker
  const createWorker = workerScript(url, () => worker)
  vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(AbortSignal.abort())
  await expect(createWorker()).rejects.toMatchObject({ code: 'ERR_START' })
  isStalled = false
  expect(await createWorker()).toBe(worker)
})
