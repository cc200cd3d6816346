import { expect, test } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import { Ring } from '../carrier/ring.ts'
import { CALL_RING_BYTES, RingCarrier } from '../carrier/ring-carrier.ts'
import { type HttpResponse, sendRequest } from './http-request.ts'
import { readTarget } from './http-target.ts'
import { Backlog, OutgoingDuplex } from './outgoing-duplex.ts'

const MiB = 1024 * 1024
const ORIGINS = ['https://a.example']

/** A guest that writes a request of some MiB, and reads all of the response. */
async function exchange(requestMiB: number, responseMiB: number, backlogMiB = 64) {
  const [request, reply] = [Ring.allocate(CALL_RING_BYTES), Ring.allocate(CALL_RING_BYTES)]
  const duplex = new OutgoingDuplex(new RingCarrier(request, reply), new Backlog(backlogMiB * MiB))
  const backlog = new Backlog(backlogMiB * MiB)
  let sent = 0
  let isCancelled = false
  let left = responseMiB
  const send = async ({ body }: { body?: Uint8Array | undefined }): Promise<HttpResponse> => {
    sent = body?.length ?? 0
    const read = async (): Promise<Uint8Array | null> => (left-- > 0 ? new Uint8Array(MiB) : null)
    return {
      status: 200,
      statusText: 'OK',
      headers: new Headers(),
      body: { read, cancel: () => void (isCancelled = true) },
    }
  }
  const target = readTarget('/http/POST/https/a.example/', ORIGINS)
  const outcome = sendRequest({ target, duplex, backlog, send, origins: () => ORIGINS }).then(
    () => 'ok',
    (thrown: unknown) => {
      duplex.abort(thrown as Error)
      return (thrown as GliaError).code
    },
  )
  await write(request, requestMiB * MiB)
  const received = await readAll(reply)
  // What was kept of the request is given back.
  expect(backlog.take(backlogMiB * MiB)).toBe(true)
  return { outcome: await outcome, sent, received, isCancelled }
}

async function write(ring: Ring, bytes: number): Promise<void> {
  const chunk = new Uint8Array(CALL_RING_BYTES)
  for (let left = bytes; left > 0;) {
    const sequence = ring.writerSequence
    const count = ring.put(chunk.subarray(0, left))
    if (count < 0) return
    left -= count
    if (count === 0) await ring.writerChanged(sequence)
  }
  ring.end()
}

async function readAll(ring: Ring): Promise<number> {
  for (let bytes = 0; ;) {
    const sequence = ring.readerSequence
    const chunk = ring.take()
    if (chunk) bytes += chunk.length
    else if (ring.finished || ring.broken) return bytes
    else await ring.readerChanged(sequence)
  }
}

test('a request and a response may be large', async () => {
  expect(await exchange(16, 64)).toEqual({ outcome: 'ok', sent: 16 * MiB, received: 64 * MiB, isCancelled: false })
})

test('a request that is too large is not sent', async () => {
  expect(await exchange(17, 1)).toMatchObject({ outcome: 'ERR_MESSAGE_TOO_LARGE', sent: 0, received: 0 })
  // Of all requests of a process together.
  expect(await exchange(2, 1, 1)).toMatchObject({ outcome: 'ERR_MESSAGE_TOO_LARGE', sent: 0, received: 0 })
})

test('a response that is too large breaks off, and nobody reads on', async () => {
  const { outcome, received, isCancelled } = await exchange(0, 65)
  expect([outcome, isCancelled]).toEqual(['ERR_REPLY_TOO_LARGE', true])
  expect(received).toBeLessThanOrEqual(64 * MiB)
})
