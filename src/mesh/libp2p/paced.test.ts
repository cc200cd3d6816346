import { expect, test } from 'vitest'
import { echo, makeProc, send, text } from '../../glia/test-peer.ts'
import { Pace } from '../../glia/wait/pace.ts'
import { glia, join, relay } from '../test-nodes.ts'
import { readAll } from '../../glia/stream/web-streams.ts'

/** Gives a turn when the test says so. */
class HeldPace extends Pace {
  readonly #held: (() => void)[] = []
  #isOpen = false

  override get waiting(): number {
    return this.#held.length
  }

  override turn(): Promise<void> {
    return this.#isOpen ? Promise.resolve() : new Promise((go) => this.#held.push(go))
  }

  give(): void {
    this.#held.shift()?.()
  }

  /** From now on all have theirs at once. */
  open(): void {
    this.#isOpen = true
    for (const go of this.#held.splice(0)) go()
  }
}

const CROWD = 4

test('peers that come at once get their handshakes turn by turn, and all are answered', async () => {
  const { proc } = makeProc(() => echo, { policy: { callers: 'anyone' } })
  const pace = new HeldPace()
  const [hub, callee] = await Promise.all([relay(), glia([proc], { pace })])
  const crowd = await Promise.all(Array.from({ length: CROWD }, () => glia()))
  await join(hub, callee, ...crowd)
  const replies = crowd.map(async ({ router }) => {
    const stream = router.open(callee.addressOf(proc), { caller: 'browser' })
    void send(stream, 'hi').catch(() => undefined)
    return text(await readAll(stream))
  })
  const connected = (): number => {
    const ids = new Set(callee.mesh.libp2p.getPeers().map(String))
    return crowd.filter(({ peerId }) => ids.has(peerId)).length
  }
  await expect.poll(() => pace.waiting).toBe(CROWD)
  expect(connected()).toBe(0)
  pace.give()
  await expect.poll(connected).toBe(1)
  await expect(Promise.race(replies)).resolves.toBe('hi')
  expect([connected(), pace.waiting]).toEqual([1, CROWD - 1])
  pace.open()
  expect(await Promise.all(replies)).toEqual(Array(CROWD).fill('hi'))
})
