import { wasi } from '@bjorn3/browser_wasi_shim'
import { MAX_PATH, type Want } from '../../../src/actors/carrier/frames.ts'
import { Ring } from '../../../src/actors/carrier/ring.ts'
import { CALL_RING_BYTES, RingCarrier } from '../../../src/actors/carrier/ring-carrier.ts'
import type { TierName } from '../../../src/actors/worker/worker-api.ts'
import { BlockingCall, type GuestCall, PortCall } from '../carrier/guest-call.ts'
import type { GuestPort } from '../carrier/guest-port.ts'

/** An open call, or the errno of the refusal. */
export type Opened = GuestCall | number

export interface CallClientInit {
  port: GuestPort
  tier: TierName
  /** Takes a line for the process's log. */
  log(line: string): void
}

/** Opens paths below `/ww/0.1.0` and `/http` through the page. */
export class CallClient {
  readonly #init: CallClientInit
  #lastId = 0

  constructor(init: CallClientInit) {
    this.#init = init
  }

  /** @param path The whole path, from `/ww` or `/http` on. */
  open(want: Want, path: string): Opened | Promise<Opened> {
    if (path.length > MAX_PATH) return wasi.ERRNO_NAMETOOLONG
    const id = ++this.#lastId
    const { tier, log } = this.#init
    if (tier === 'rings') return this.#openRings(id, want, path)
    if (tier === 'JSPI') return this.#openPort(id, want, path)
    // A guest that cannot wait cannot get an answer.
    log(`${path}: This browser can neither share memory here nor suspend a guest, so guests make no calls.\n`)
    return wasi.ERRNO_NOTSUP
  }

  #openRings(id: number, want: Want, path: string): Opened {
    const { port } = this.#init
    const [request, reply] = [Ring.allocate(CALL_RING_BYTES), Ring.allocate(CALL_RING_BYTES)]
    const carrier = new RingCarrier(reply, request)
    const call = new BlockingCall(carrier, () => port.post({ type: 'fail', id, errno: 0 }))
    port.post({ type: 'open', id, want, path, rings: { request: request.buffer, reply: reply.buffer } })
    reply.waitUntil(() => carrier.answer !== undefined, Infinity)
    return orClosed(want, call, carrier.answer)
  }

  async #openPort(id: number, want: Want, path: string): Promise<Opened> {
    const { port } = this.#init
    // The call sends nothing before the page has accepted it.
    const carrier = port.open(id, { sendsBytes: 0 })
    const call = new PortCall(carrier, port, () => port.forget(id))
    port.post({ type: 'open', id, want, path, rings: undefined })
    await port.until(() => carrier.answer !== undefined)
    return orClosed(want, call, carrier.answer)
  }
}

function orClosed(want: Want, call: GuestCall, errno = 0): Opened {
  // A call that was accepted and failed at once is reported like one that fails later: by a read or a write.
  const isTaken = want === 'call' && (errno === wasi.ERRNO_IO || errno === wasi.ERRNO_TIMEDOUT)
  if (errno === 0 || isTaken) return call
  call.close()
  return errno
}
