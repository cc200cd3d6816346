import { ERRNO } from '../../../src/actors/outgoing/call-errno.ts'
import { type FromGuest, MAX_PATH, readToGuest, type Want } from '../../../src/actors/outgoing/outgoing-api.ts'
import type { TierName } from '../../../src/actors/worker/worker-api.ts'
import type { GuestCall } from './guest-call.ts'
import { PortCall } from './port-call.ts'
import { RingCall } from './ring-call.ts'

/** An open call, or the errno with which it could not be opened. */
export type Opened = GuestCall | number

export interface CallClientInit {
  port: MessagePort
  tier: TierName
  /** Something came for a call: what a poll waits for may be there now. Not on rings, where the page tells. */
  changed(): void
  /** Gets a line for the process's log. */
  log(line: string): void
}

/** Opens what is under `/ww/0.1.0` with the page: the worker's end of what `outgoing-api.ts` describes. */
export class CallClient {
  readonly #init: CallClientInit
  /** Calls without rings, by number. */
  readonly #calls = new Map<number, PortCall>()
  #lastId = 0

  constructor(init: CallClientInit) {
    this.#init = init
    if (init.tier !== 'rings') init.port.onmessage = ({ data }: MessageEvent) => this.#receive(data)
  }

  /** @param path With everything in it, from `/ww/0.1.0` on. */
  open(want: Want, path: string): Opened | Promise<Opened> {
    if (path.length > MAX_PATH) return ERRNO.NAMETOOLONG
    const id = ++this.#lastId
    const { tier, log } = this.#init
    if (tier === 'rings') return this.#openRings(id, want, path)
    if (tier === 'JSPI') return this.#openPort(id, want, path)
    // A guest that cannot wait cannot be given an answer.
    log(`${path}: This browser can neither share memory here nor suspend a guest, so guests make no calls.\n`)
    return ERRNO.NOTSUP
  }

  #openRings(id: number, want: Want, path: string): Opened {
    const call = new RingCall(() => this.#post({ type: 'close', id }))
    this.#post({ type: 'open', id, want, path, rings: call.rings })
    return this.#orClosed(want, call, call.opened())
  }

  async #openPort(id: number, want: Want, path: string): Promise<Opened> {
    const call = new PortCall({
      id,
      post: this.#post,
      closed: () => {
        this.#calls.delete(id)
        this.#post({ type: 'close', id })
      },
    })
    this.#calls.set(id, call)
    this.#post({ type: 'open', id, want, path, rings: undefined })
    return this.#orClosed(want, call, await call.opened())
  }

  #orClosed(want: Want, call: GuestCall, errno: number): Opened {
    // A call that was taken and failed at once is told like one that fails later: by a read or a write.
    const isTaken = want === 'call' && (errno === ERRNO.IO || errno === ERRNO.TIMEDOUT)
    if (errno === 0 || isTaken) return call
    call.close()
    return errno
  }

  #receive(data: unknown): void {
    const message = readToGuest(data)
    this.#calls.get(message.id)?.receive(message)
    this.#init.changed()
  }

  readonly #post = (message: FromGuest, transfer: Transferable[] = []): void =>
    this.#init.port.postMessage(message, transfer)
}
