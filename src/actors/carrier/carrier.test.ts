import { describe, expect, test } from 'vitest'
import type { Carrier } from './carrier.ts'
import { WINDOW_BYTES } from './frames.ts'
import { PortCarrier } from './port-carrier.ts'
import { BROKEN, Ring } from './ring.ts'
import { CALL_RING_BYTES, RingCarrier } from './ring-carrier.ts'

/** The ends of a call that the guest has opened. */
interface Ends {
  page: Carrier
  guest: Carrier
}

function overRings(): Ends {
  const [request, reply] = [Ring.allocate(CALL_RING_BYTES), Ring.allocate(CALL_RING_BYTES)]
  return {
    page: new RingCarrier(new Ring(request.buffer), new Ring(reply.buffer)),
    guest: new RingCarrier(reply, request),
  }
}

/** Both in this thread. What is posted is received at once. */
function overPort(): Ends {
  const page: PortCarrier = new PortCarrier({ id: 1, post: (frame) => guest.receive(structuredClone(frame)) })
  const guest: PortCarrier = new PortCarrier({
    id: 1,
    sendsBytes: 0,
    post: (frame) => page.receive(structuredClone(frame)),
  })
  return { page, guest }
}

const bytes = Uint8Array.of(1, 2, 3)
const EIO = 29

describe.each([
  ['rings', overRings],
  ['a port', overPort],
])('a call over %s', (_, open) => {
  /** A call that the page has taken. */
  const accepted = (): Ends => {
    const ends = open()
    ends.page.accept()
    return ends
  }

  test('is answered when the page takes it', () => {
    const { page, guest } = open()
    expect(guest.answer).toBeUndefined()
    page.accept()
    expect(guest.answer).toBe(0)
  })

  test('is answered with the errno of its failure, which taking it later does not change', () => {
    const { page, guest } = open()
    page.fail(EIO)
    page.accept()
    expect(guest.answer).toBe(EIO)
  })

  test('that fails later was taken, and keeps its first errno', () => {
    const { page, guest } = accepted()
    page.fail(EIO)
    page.fail(1)
    expect([guest.answer, guest.failed, guest.errno]).toEqual([0, true, EIO])
    expect([guest.put(bytes), guest.takeInto(new Uint8Array(1))]).toEqual([BROKEN, BROKEN])
  })

  describe.each([
    ['request', ({ page, guest }: Ends) => [guest, page] as const],
    ['reply', ({ page, guest }: Ends) => [page, guest] as const],
  ])('its %s', (__, order) => {
    test('goes over, and ends behind its last byte', () => {
      const [writer, reader] = order(accepted())
      expect(reader.readable).toBe(false)
      expect(writer.put(bytes)).toBe(3)
      writer.end()
      expect([reader.ended, reader.finished, reader.readable, reader.available]).toEqual([true, false, true, 3])
      expect(reader.take()).toEqual(bytes)
      expect([reader.finished, reader.readable, reader.available, reader.endErrno]).toEqual([true, true, 0, 0])
      expect([writer.put(bytes), writer.closed, writer.stopped]).toEqual([BROKEN, true, false])
    })

    test('is taken in parts, as large as there is room for', () => {
      const [writer, reader] = order(accepted())
      writer.put(bytes)
      const room = new Uint8Array(2)
      expect([reader.takeInto(room), ...room]).toEqual([2, 1, 2])
      expect([reader.takeInto(room), room[0], reader.takeInto(room)]).toEqual([1, 3, 0])
    })

    test('takes no more than there is room for, until it is read', () => {
      const [writer, reader] = order(accepted())
      const much = new Uint8Array(1_000_000)
      const { room } = writer
      expect(writer.put(much)).toBe(room)
      expect([writer.put(much), writer.room, writer.closed]).toEqual([0, 0, false])
      reader.take()
      expect(writer.room).toBe(room)
    })

    test('can be stopped by its reader, and the other direction goes on', () => {
      const [writer, reader] = order(accepted())
      writer.put(bytes)
      reader.stop()
      expect([writer.put(bytes), writer.stopped, writer.closed]).toEqual([BROKEN, true, true])
      expect([reader.take(), reader.takeInto(new Uint8Array(1))]).toEqual([undefined, BROKEN])
      expect(reader.put(bytes)).toBe(3)
      expect(writer.take()).toEqual(bytes)
    })

    test('is lost when the call fails', () => {
      const [writer, reader] = order(accepted())
      writer.put(bytes)
      writer.fail()
      expect([reader.take(), reader.takeInto(new Uint8Array(1)), reader.failed]).toEqual([undefined, BROKEN, true])
      expect([reader.ended, reader.finished]).toEqual([false, false])
    })

    test('wakes its reader with bytes, its end and a failure, also those that came since the last look', async () => {
      for (const change of [
        (end: Carrier) => end.put(bytes),
        (end: Carrier) => end.end(),
        (end: Carrier) => end.fail(),
      ]) {
        const [writer, reader] = order(accepted())
        reader.take()
        const arrival = reader.arrival()
        change(writer)
        await arrival
        expect(reader.readable).toBe(true)
      }
    })

    test('wakes its writer when it is read or stopped', async () => {
      for (const change of [(end: Carrier) => end.take(), (end: Carrier) => end.stop()]) {
        const [writer, reader] = order(accepted())
        writer.put(new Uint8Array(1_000_000))
        writer.put(bytes)
        const room = writer.roomCame()
        change(reader)
        await room
        expect(writer.closed || writer.room > 0).toBe(true)
      }
    })
  })

  test('can have an errno behind its reply', () => {
    const { page, guest } = accepted()
    page.put(bytes)
    page.end(EIO)
    expect([guest.take(), guest.finished, guest.endErrno, guest.failed]).toEqual([bytes, true, EIO, false])
  })
})

test('more bytes than there is credit for are refused', () => {
  const carrier = new PortCarrier({ id: 0, post: () => undefined })
  const data = (length: number) => ({ type: 'data', id: 0, bytes: new Uint8Array(length) }) as const
  carrier.receive(data(WINDOW_BYTES))
  expect(() => carrier.receive(data(1))).toThrow(TypeError)
})

test('bytes that are taken one by one are given credit for in few messages', () => {
  let credits = 0
  const carrier = new PortCarrier({ id: 0, post: () => (credits += 1) })
  carrier.receive({ type: 'data', id: 0, bytes: new Uint8Array(WINDOW_BYTES) })
  while (carrier.takeInto(new Uint8Array(100)) > 0);
  expect(credits).toBeLessThan(10)
})
