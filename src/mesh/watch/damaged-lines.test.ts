import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ends } from '../../glia/process/ends.ts'
import { makePolicy } from '../../glia/process/policy.ts'
import { MAX_REASON, type ProcessEnd, type Watched } from '../../glia/process/told-end.ts'
import { newPid } from '../../glia/pid.ts'
import type { SessionChannel } from '../../glia/session/session.ts'
import { damages } from '../test-strangers.ts'
import { MAX_WATCHES } from '../limits.ts'
import { WatchedPeer } from './watched-peer.ts'
import { Watchers } from './watchers.ts'

type Handlers = Parameters<SessionChannel['listen']>[0]

/** A channel into which the test writes as the other peer. */
function stranger(): SessionChannel & { write(pieces: readonly Uint8Array[]): void; isClosed: boolean } {
  let handlers: Handlers | undefined
  return {
    isClosed: false,
    send: () => true,
    listen: (given) => (handlers = given),
    close() {
      this.isClosed = true
    },
    write: (pieces) => pieces.forEach((piece) => handlers?.data(piece)),
  }
}

const lines = (...messages: readonly object[]): Uint8Array[] =>
  messages.map((message) => new TextEncoder().encode(`${JSON.stringify(message)}\n`))

const pid = newPid()
// The same cases each time.
const SEED = 13

test('a watcher that sends damaged lines breaks nothing, and leaves nothing', () => {
  fc.assert(
    fc.property(damages, (damage) => {
      const process: Watched = { policy: makePolicy(), methods: ['run'], state: 'idle', ends: new Ends() }
      const watchers = new Watchers({ find: () => process })
      const channel = stranger()
      watchers.accept(channel, 'stranger')
      channel.write(
        damage(
          lines({ type: 'watch', id: 1, pid }, { type: 'watch', id: 2, pid, after: 7 }, { type: 'unwatch', id: 1 }),
        ),
      )
      expect(watchers.watches).toBeLessThanOrEqual(channel.isClosed ? 0 : MAX_WATCHES)
      process.ends.add({ at: 1, reason: { type: 'exited', code: 1 }, final: false })
    }),
    { seed: SEED, numRuns: 1_000 },
  )
})

test('a watched peer that sends damaged lines tells ends within limits, or nothing', async () => {
  await fc.assert(
    fc.asyncProperty(damages, async (damage) => {
      const channel = stranger()
      const peer = new WatchedPeer({ peer: 'stranger', open: async () => channel, idle: () => undefined })
      const ends: ProcessEnd[] = []
      peer.add({ pid, tell: (end) => ends.push(end) })
      await new Promise(setImmediate)
      const reason = { type: 'trapped', message: 'unreachable' }
      channel.write(
        damage(
          lines(
            { type: 'watching', id: 1, at: 5 },
            { type: 'gone', id: 1, kind: 'exited', at: 6, final: false, reason },
            { type: 'gone', id: 1, kind: 'killed', at: 7, final: true, reason },
            { type: 'refused', id: 1, code: 'ERR_DENIED', message: 'No.' },
          ),
        ),
      )
      peer.stop()
      for (const { kind, reason: told } of ends) {
        expect(['exited', 'killed', 'moved', 'unreachable']).toContain(kind)
        expect(told.message?.length ?? 0).toBeLessThanOrEqual(MAX_REASON)
      }
      expect(ends.filter(({ kind }) => kind === 'killed').length).toBeLessThanOrEqual(1)
    }),
    { seed: SEED, numRuns: 1_000 },
  )
})
