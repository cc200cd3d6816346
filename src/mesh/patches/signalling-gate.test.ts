import type { Connection, Stream } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import { expect, test } from 'vitest'
import { Pace } from '../../glia/wait/pace.ts'
import { SIGNALLING_PROTOCOL } from '../limits.ts'
import { boundSignalling } from './signalling-gate.ts'

const connection = { remotePeer: { toString: () => '12D3KooWpeer' } } as unknown as Connection

/** The signalling of a page of which the budget says so many times yes. */
function signalling(budget: number, pace?: Pace) {
  const made: Stream[] = []
  const registrar = { getHandler: () => ({ handler: (stream: Stream) => void made.push(stream) }) }
  let left = budget
  boundSignalling({ admits: () => left-- > 0 }, pace)({ registrar: registrar as unknown as Registrar })
  const dial = (): { stream: Stream; refused: string[] } => {
    const refused: string[] = []
    const stream = { status: 'open', abort: (error: { code: string }) => refused.push(error.code) }
    void (registrar as unknown as Registrar)
      .getHandler(SIGNALLING_PROTOCOL)
      .handler(stream as unknown as Stream, connection)
    return { stream: stream as unknown as Stream, refused }
  }
  return { made, dial }
}

test('dials past the budget are refused before anything is made for them', async () => {
  const { made, dial } = signalling(1)
  const [first, second] = [dial(), dial()]
  await expect.poll(() => made).toEqual([first.stream])
  expect(second.refused).toEqual(['ERR_DENIED'])
})

test('dials that come at once are answered in line', async () => {
  const pace = new Pace()
  const { made, dial } = signalling(5, pace)
  const dials = Array.from({ length: 5 }, dial)
  await Promise.resolve()
  expect(made.length).toBeLessThan(2)
  expect(pace.waiting).toBe(4)
  await expect.poll(() => made).toEqual(dials.map(({ stream }) => stream))
})
