import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Address } from '../../glia/address.ts'
import { Session } from '../../glia/session/session.ts'
import { Splitter } from '../../glia/session/splitter.ts'
import { testChannels } from '../../glia/session/test-channel.ts'
import { frameChanges } from '../../glia/session/test-frame-changes.ts'
import { withLength } from '../../glia/session/test-mutant-run.ts'
import { concat } from '../../glia/stream/concat.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { mutations } from '../../glia/test-mutations.ts'
import { echo, makeProc, OTHER, send, text } from '../../glia/test-peer.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import { SESSION_PROTOCOL } from '../limits.ts'
import { glia, plainClient, whereIs } from '../test-nodes.ts'

/** What a caller sends in a session: whole calls, one that it stops, and one that it aborts. */
async function framesOf(address: Address): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = []
  const [near, far] = testChannels()
  const splitter = new Splitter((frame) => frames.push(frame.slice()))
  far.listen({ data: (bytes) => splitter.push(bytes), drain: () => undefined, closed: () => undefined })
  const caller = new Session({ channel: near, local: OTHER, remote: address.host })
  const calls = ['small', 'x'.repeat(40_000), 'stopped', 'aborted'].map((content) => {
    const stream = caller.open(address, { deadlineMs: 1000, chain: [`${OTHER}/x`], client: 'one', trace: 'a' })
    void send(stream, content)
    stream.read().catch(() => undefined)
    return stream
  })
  for (let tasks = 0; tasks < 5; tasks++) await nextTask()
  void calls[2]?.closeRead()
  calls[3]?.abort(new Error('enough'))
  for (let tasks = 0; tasks < 5; tasks++) await nextTask()
  caller.end()
  return frames
}

test('sessions of a stranger that are damaged leave nothing, and the calls of others go on', async () => {
  const { proc } = makeProc(() => echo)
  const [server, honest, stranger] = await Promise.all([
    glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] }),
    glia(),
    plainClient(),
  ])
  const connection = await stranger.dial(multiaddr(whereIs(server)))
  await honest.mesh.connect(whereIs(server))
  const address = server.addressOf(proc)
  const frames = await framesOf(address)
  const call = async (): Promise<string> => {
    const stream = honest.router.open(address, { caller: 'browser' })
    await send(stream, 'hi')
    return text(await readAll(stream))
  }
  const damage = fc.array(fc.oneof(frameChanges, mutations), { minLength: 1, maxLength: 3 })
  const property = fc.asyncProperty(damage, fc.boolean(), async (changes, isReset) => {
    const damaged = changes.reduce((some, change) => (some.length > 0 ? change(some) : some), frames)
    const stream = await connection.newStream(SESSION_PROTOCOL)
    const sent = concat(damaged.map(withLength))
    if (sent.length > 0) stream.send(sent)
    expect(await call()).toBe('hi')
    if (isReset) stream.abort(new Error('enough'))
    else await stream.close()
    await expect.poll(() => connection.streams.length, { interval: 1 }).toBe(0)
  })
  await fc.assert(property, { seed: 13, numRuns: 20 })
  await expect.poll(() => [proc.running, proc.waiting]).toEqual([undefined, 0])
})
