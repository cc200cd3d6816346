import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { NO_CONTEXT } from '../glia/call-context.ts'
import { toGliaError } from '../glia/errors.ts'
import { echo, makeProc, send, text } from '../glia/test-peer.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import type { Proc } from '../glia/process/proc.ts'
import type { MeshNode } from '../mesh/node.ts'
import type { GliaServer } from './server.ts'
import { blackHole, type BlackHole } from './test-black-hole.ts'
import { testServers, type TestServers } from './test-server.ts'
import { startTab } from './test-tab.ts'

let servers: TestServers
let relay: GliaServer
let hole: BlackHole
const tabs: MeshNode[] = []

beforeAll(async () => {
  servers = await testServers()
  relay = await servers.start()
})

afterEach(async () => {
  await Promise.all(tabs.splice(0).map((tab) => tab.stop()))
  await hole.end()
})

afterAll(() => servers.end())

const isIn = (tab: MeshNode) => () => tab.relays()[0]?.state

/** Two tabs on the relay. The traffic between the first one and the relay goes through a black hole. */
async function pair(): Promise<{ proc: Proc; far: MeshNode; near: MeshNode }> {
  const ws = relay.relayAddresses.find((address) => address.includes('/ws/')) ?? ''
  hole = await blackHole(Number(/tcp\/(\d+)/.exec(ws)?.[1]))
  const { proc } = makeProc(() => echo)
  const [far, near] = await Promise.all([
    startTab(proc, [ws.replace(/tcp\/\d+/, `tcp/${hole.port}`)]),
    startTab(makeProc(() => echo).proc, [ws]),
  ])
  tabs.push(far, near)
  for (const tab of tabs) await expect.poll(isIn(tab), { timeout: 10_000 }).toBe('reserved')
  return { proc, far, near }
}

/** @returns the reply, or the code of the error */
async function call(from: MeshNode, to: MeshNode, { pid }: Proc, deadlineMs = 10_000): Promise<string> {
  try {
    const signal = AbortSignal.timeout(deadlineMs)
    const stream = await from.open({ host: to.peerId, proc: pid, method: 'run' }, { signal, context: NO_CONTEXT })
    await send(stream, 'hello')
    return text(await readAll(stream))
  } catch (thrown) {
    return toGliaError(thrown).code
  }
}

test(
  'a tab whose packets were lost for some seconds can be called, and call, within ten seconds',
  { timeout: 60_000 },
  async () => {
    const { proc, far, near } = await pair()
    expect(await call(near, far, proc)).toBe('hello')
    hole.swallow()
    // The caller gets its error while the hole lasts, and the tab itself notices.
    const outcome = call(near, far, proc)
    await expect.poll(isIn(far), { timeout: 10_000 }).not.toBe('reserved')
    hole.restore()
    expect(await outcome).toBe('ERR_UNREACHABLE')
    await expect.poll(() => call(near, far, proc, 3_000), { timeout: 10_000 }).toBe('hello')
    const { proc: other } = makeProc(() => echo)
    expect(await call(far, near, other)).toMatch(/^ERR_NO_/)
  },
)

test(
  'a tab that comes back under the same id takes over at once from the connections it had before',
  { timeout: 60_000 },
  async () => {
    const { proc, far, near } = await pair()
    expect(await call(near, far, proc)).toBe('hello')
    const stranger = await startTab(
      makeProc(() => echo).proc,
      near.relays().map(({ address }) => address),
    )
    tabs.push(stranger)
    await expect.poll(isIn(stranger), { timeout: 10_000 }).toBe('reserved')
    // The relay and the caller still take the old connections for alive.
    hole.swallow()
    hole.restore()
    far.leave()
    await expect.poll(isIn(far)).not.toBe('reserved')
    far.rejoin()
    await expect.poll(isIn(far), { timeout: 5_000 }).toBe('reserved')
    expect(await call(stranger, far, proc, 2_500)).toBe('hello')
    await expect.poll(() => call(near, far, proc, 3_000), { timeout: 10_000 }).toBe('hello')
  },
)
