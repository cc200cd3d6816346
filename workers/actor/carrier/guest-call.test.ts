import { wasi } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import type { Carrier } from '../../../src/actors/carrier/carrier.ts'
import { Ring } from '../../../src/actors/carrier/ring.ts'
import { CALL_RING_BYTES, RingCarrier } from '../../../src/actors/carrier/ring-carrier.ts'
import { ERRNO } from '../../../src/actors/outgoing/call-errno.ts'
import { BlockingCall } from './guest-call.ts'

/** A call that the guest has opened, and the page's end of it. */
function makePair(): { call: BlockingCall; guest: Carrier; page: Carrier } {
  const [request, reply] = [Ring.allocate(CALL_RING_BYTES), Ring.allocate(CALL_RING_BYTES)]
  const guest = new RingCarrier(reply, request)
  const page = new RingCarrier(new Ring(request.buffer), new Ring(reply.buffer))
  return { call: new BlockingCall(guest), guest, page }
}

describe('a call that fails', () => {
  test('before its file is open could not be opened', () => {
    const { guest, page } = makePair()
    expect(guest.answer).toBeUndefined()
    page.fail(ERRNO.ACCES)
    page.accept()
    expect(guest.answer).toBe(ERRNO.ACCES)
  })

  test('after that tells reads and writes, also if the worker looks at neither before', () => {
    const { call, guest, page } = makePair()
    page.accept()
    page.fail(ERRNO.ACCES)
    page.fail(ERRNO.IO)
    expect(guest.answer).toBe(0)
    expect(call.read(new Uint8Array(1))).toBe(-ERRNO.ACCES)
    expect(call.write(new Uint8Array(1))).toBe(-ERRNO.ACCES)
  })

  test('because its page is through with it says so', () => {
    const { call, guest, page } = makePair()
    page.accept()
    page.stop()
    expect(guest.answer).toBe(0)
    expect(call.write(new Uint8Array(1))).toBe(-wasi.ERRNO_PIPE)
  })

  test('because its caller has gone is cancelled for reads, and a broken pipe for writes', () => {
    const { call, page } = makePair()
    page.fail()
    expect(call.failed).toBe(true)
    expect(call.read(new Uint8Array(1))).toBe(-wasi.ERRNO_CANCELED)
    expect(call.write(new Uint8Array(1))).toBe(-wasi.ERRNO_PIPE)
  })
})

test('a program that has exited took no more of the request: writes tell that, and reads give the reply and then the errno', () => {
  const { call, page } = makePair()
  page.accept()
  page.put(Uint8Array.of(7))
  page.end(ERRNO.IO)
  page.stop()
  expect(call.write(new Uint8Array(1))).toBe(-wasi.ERRNO_PIPE)
  expect(call.read(new Uint8Array(4))).toBe(1)
  expect(call.read(new Uint8Array(4))).toBe(-ERRNO.IO)
})
