import { expect, test } from 'vitest'
import { chainNameOf } from '../chain-name.ts'
import { newPid } from '../pid.ts'
import type { Proc } from '../process/proc.ts'
import type { Stream } from '../stream/stream.ts'
import { streamPair } from '../stream/stream-pair.ts'
import { addressOf, echo, loop, makePeer, makeProc, OTHER, type Run, SELF, untilAborted } from '../test-peer.ts'
import { CallTrace } from './call-trace.ts'
import type { Note } from './note.ts'
import { ringOf, waitsOf, type Waiting, whyWaiting } from './waiting.ts'

const BROWSER = { caller: 'browser' }

function peerWith(procs: readonly Proc[], openRemote?: Parameters<typeof makePeer>[1]) {
  const trace = new CallTrace()
  const { router } = makePeer(procs, openRemote, trace)
  const notes = (): Note[] => [...trace.pending]
  const why = (at: number): Waiting | undefined => {
    const note = notes()[at]
    return note && whyWaiting(note, { pending: notes(), proc: (pid) => procs.find((each) => each.pid === pid) })
  }
  return { router, trace, notes, why }
}

test('a call in the mailbox says its place, and which call has the turn', async () => {
  const { proc } = makeProc(() => untilAborted)
  const { router, notes, why } = peerWith([proc])
  const [first] = [1, 2, 3].map(() => router.open(addressOf(proc), BROWSER))
  await expect.poll(() => why(2)).toMatchObject({ for: 'turn', position: 2, waiting: 2, acts: 0, holder: notes()[0] })
  expect(why(1)).toMatchObject({ for: 'turn', position: 1, waiting: 2 })
  first?.abort(new Error('enough'))
  // The others move up.
  await expect.poll(() => notes().length).toBe(2)
  expect(why(1)).toMatchObject({ for: 'turn', position: 1, waiting: 1, holder: notes()[0] })
})

test('senders have turns one after the other, and the place in the mailbox says so', async () => {
  const { proc } = makeProc(() => untilAborted)
  const other = makeProc(() => echo).proc
  const { router, why } = peerWith([proc, other])
  router.open(addressOf(proc), BROWSER)
  for (let i = 0; i < 3; i++) router.open(addressOf(proc), BROWSER)
  router.open(addressOf(proc), { caller: other.pid })
  // The process waits behind one call of the page, and not behind three.
  await expect.poll(() => why(4)).toMatchObject({ for: 'turn', position: 2, waiting: 4 })
})

test('a restart that waits goes before the messages', async () => {
  const { proc } = makeProc(() => loop)
  const { router, why } = peerWith([proc])
  router.open(addressOf(proc), BROWSER)
  router.open(addressOf(proc), BROWSER)
  await expect.poll(() => why(1)?.for).toBe('turn')
  const restarted = proc.restart()
  await expect.poll(() => why(1)).toMatchObject({ for: 'turn', acts: 1 })
  await restarted
})

test('a call whose message has not begun waits for it', async () => {
  const { proc } = makeProc(() => echo)
  const { router, why } = peerWith([proc])
  const [caller, server] = streamPair(addressOf(proc), { caller: OTHER })
  void router.serveStream(server)
  await expect.poll(() => why(0)).toMatchObject({ for: 'message' })
  caller.abort(new Error('enough'))
})

test('a call whose method has made calls waits for them', async () => {
  const inner = makeProc(() => untilAborted).proc
  const outer: Proc = makeProc(() => outerRun).proc
  const { router, notes, why } = peerWith([outer, inner])
  const outerRun: Run = async ({ context, signal }) => {
    const stream = router.open(addressOf(inner), { caller: outer.pid, context })
    signal.addEventListener('abort', () => stream.abort(signal.reason), { once: true })
    await stream.read()
  }
  const call = router.open(addressOf(outer), BROWSER)
  await expect.poll(() => why(0)?.for).toBe('calls')
  expect(why(0)).toMatchObject({ calls: [notes()[1]] })
  expect(why(1)).toMatchObject({ for: 'input' })
  call.abort(new Error('enough'))
})

test('a call to another peer waits until it is reached, and then for the reply', async () => {
  const reached = Promise.withResolvers<Stream>()
  const { router, why } = peerWith([], () => reached.promise)
  const address = addressOf(newPid(), 'run', OTHER)
  const call = router.open(address, BROWSER)
  expect(why(0)).toMatchObject({ for: 'peer' })
  reached.resolve(streamPair(address, BROWSER)[0])
  await expect.poll(() => why(0)).toMatchObject({ for: 'reply' })
  call.abort(new Error('enough'))
})

test('a process in backoff says when it comes back', async () => {
  const { proc } = makeProc(() => async (_, actor) => {
    actor.exited = { type: 'trapped', message: 'unreachable', frames: [] }
    throw new Error('trapped')
  })
  const { router, why } = peerWith([proc])
  for (let i = 0; i < 2; i++)
    await router
      .open(addressOf(proc), BROWSER)
      .read()
      .catch(() => undefined)
  await expect.poll(() => proc.state).toBe('backoff')
  const { backoffUntil } = proc
  router.open(addressOf(proc), BROWSER)
  expect(why(0)).toMatchObject({ for: 'backoff', until: backoffUntil })
  proc.kill()
})

test('a ring of waiting over three peers is found once the peer in between tells what its process waits for', async () => {
  const [a, b, c] = [newPid(), newPid(), newPid()]
  const [peerB, peerC] = [OTHER, '12D3KooWLLK7rRcL65YfTMcp4KtTgZu9Nz5n5uoTVFYTVuGaUebD']
  const [nameA, nameB, nameC] = [chainNameOf(SELF, a), chainNameOf(peerB, b), chainNameOf(peerC, c)]
  const trace = new CallTrace()
  const ofC = { chain: [nameC], onBehalfOf: [], deadlineAt: undefined }
  // The process here calls B, and C calls it.
  trace.begin(streamPair({ host: peerB, proc: b, method: 'run' }, { caller: a })[1], 'out')
  trace.begin(streamPair({ host: SELF, proc: a, method: 'run' }, { caller: peerC, context: ofC })[1], 'in')
  const own = waitsOf(trace.pending, chainNameOf, SELF)
  expect(own).toEqual([
    { from: nameA, to: nameB },
    { from: nameC, to: nameA },
  ])
  expect(ringOf(nameA, own)).toBeUndefined()
  expect(ringOf(nameA, [...own, { from: nameB, to: nameC }])).toEqual([nameA, nameB, nameC])
  // A ring beside it is none of its own.
  expect(
    ringOf(nameA, [
      { from: nameA, to: nameB },
      { from: nameB, to: nameC },
      { from: nameC, to: nameB },
    ]),
  ).toBeUndefined()
})
