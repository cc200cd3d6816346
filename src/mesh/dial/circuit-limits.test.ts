import { expect, test } from 'vitest'
import type { GliaError } from '../../glia/errors.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { echo, makeProc, send } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { glia, join, relay, type TestNode } from '../test-nodes.ts'

const KiB = 1024
/** The limits that libp2p's relays state by default. */
const DEFAULTS = { applyDefaultLimit: true }

interface Pair {
  hub: TestNode
  caller: TestNode
  callee: TestNode
  proc: Proc
}

async function pair(reservations: object = DEFAULTS): Promise<Pair> {
  const { proc } = makeProc(() => echo)
  const [hub, caller, callee] = await Promise.all([relay({ reservations }), glia(), glia([proc])])
  await join(hub, caller, callee)
  return { hub, caller, callee, proc }
}

/** @returns how many bytes came back */
async function call({ caller, callee, proc }: Pair, bytes: number, isKnown = true): Promise<number> {
  const expectedBytes = isKnown ? bytes : undefined
  const stream = caller.router.open(callee.addressOf(proc), { caller: 'browser', expectedBytes })
  const sent = send(stream, new Uint8Array(bytes))
  const [reply] = await Promise.all([readAll(stream), sent])
  return reply.length
}

const errorOf = (pending: Promise<unknown>): Promise<GliaError | undefined> =>
  pending.then(
    () => undefined,
    (thrown: unknown) => thrown as GliaError,
  )

test(
  'calls of far more bytes in all than a circuit may carry all end with their reply, one after the other',
  { timeout: 60_000 },
  async () => {
    const peers = await pair()
    for (let i = 0; i < 60; i++) expect(await call(peers, 5 * KiB)).toBe(5 * KiB)
  },
)

test.each([
  ['known', true],
  ['not known', false],
])('sixty calls at once, of a size that is %s, do too', { timeout: 60_000 }, async (_, isKnown) => {
  const peers = await pair()
  const replies = await Promise.all(Array.from({ length: 60 }, () => call(peers, 4 * KiB, isKnown)))
  expect(new Set(replies)).toEqual(new Set([4 * KiB]))
})

test('a call that is larger than a circuit fails with the limit of the relay, and the next one works', async () => {
  const peers = await pair()
  for (const isKnown of [true, false]) {
    const error = await errorOf(call(peers, 512 * KiB, isKnown))
    expect(error).toMatchObject({ code: 'ERR_UNREACHABLE' })
    expect(error?.message).toMatch(/^The relay at 127\.0\.0\.1:\d+ carries only 128 KiB a connection\. /)
    expect(await call(peers, KiB)).toBe(KiB)
  }
})

test(
  'a circuit is left before its time is over, and the error names it where a call lasts longer',
  { timeout: 60_000 },
  async () => {
    // The server of js-libp2p states milliseconds.
    const peers = await pair({ applyDefaultLimit: true, defaultDurationLimit: 10_000 })
    const { proc } = makeProc(() => async ({ signal }) => {
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    })
    const slow = await glia([proc])
    await join(peers.hub, slow)
    const error = errorOf(call({ ...peers, callee: slow, proc }, 10))
    for (let i = 0; i < 12; i++) {
      expect(await call(peers, KiB)).toBe(KiB)
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    expect((await error)?.message).toMatch(/^The relay at 127\.0\.0\.1:\d+ ends a connection after 10 s\. /)
  },
)

test('circuits that are used up do not pile up', { timeout: 60_000 }, async () => {
  const peers = await pair()
  for (let i = 0; i < 40; i++) await call(peers, 10 * KiB)
  await expect
    .poll(() => peers.caller.mesh.libp2p.getConnections(peers.callee.mesh.libp2p.peerId).length, { timeout: 5_000 })
    .toBeLessThanOrEqual(2)
})
