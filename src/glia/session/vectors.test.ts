import { describe, expect, test } from 'vitest'
import { decodeFrame, type Frame } from './frames.ts'
import { Session } from './session.ts'
import { Splitter } from './splitter.ts'
import { testChannels } from './test-channel.ts'
import vectors from './vectors.json' with { type: 'json' }
import { OTHER, SELF, text } from '../test-peer.ts'

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

/** A frame with its bytes as text, as it stands in the vectors. */
function readable(frame: Frame): unknown {
  return Object.fromEntries(
    Object.entries(frame).map(([key, value]) => [key, value instanceof Uint8Array ? text(value) : value]),
  )
}

describe('the vectors of the specification: a valid frame is read as it says', () => {
  test.each(vectors.valid)('$name', ({ bytes, frame }) => {
    const frames: unknown[] = []
    new Splitter((piece) => frames.push(readable(decodeFrame(piece)))).push(bytesOf(bytes))
    expect(frames).toEqual([frame])
  })
})

describe('the vectors of the specification: an invalid frame ends the session of a server', () => {
  test.each(vectors.invalid)('$name', async ({ bytes }) => {
    const [near, far] = testChannels()
    const session = new Session({ channel: far, local: SELF, remote: OTHER, serve: () => undefined })
    near.listen({ data: () => undefined, drain: () => undefined, closed: () => undefined })
    near.send(bytesOf(bytes))
    expect(await session.ended).toMatchObject({ code: 'ERR_PROTOCOL' })
  })
})
