import type { HttpApi } from '../glia/http.ts'
import type { DeathWatch } from './life-lock.ts'
import type { CallMessage, LifeLock } from './protocol.ts'
import { ServedCall } from './served-call.ts'

/** Time that a call whose caller has gone waits to be asked for again, in ms. A browser that does so does it at once. */
const ORPHAN_MS = 5000

/** The calls that this tab serves: each runs once, even if the browser asks for it twice. */
export class CallLedger {
  readonly #api: HttpApi
  readonly #lock: LifeLock
  readonly #deaths: DeathWatch
  readonly #calls = new Set<ServedCall>()

  constructor(api: HttpApi, lock: LifeLock, deaths: DeathWatch) {
    this.#api = api
    this.#lock = lock
    this.#deaths = deaths
  }

  /** Runs a call, or attaches its caller to the run that is under way. */
  async accept(message: CallMessage, port: MessagePort): Promise<void> {
    // A tab that was frozen gets what piled up meanwhile. Those callers were told long ago.
    if (Date.now() > message.deadline) {
      port.close()
      return
    }
    const call = (await this.#findOrphan(message)) ?? this.#start(message)
    call.attach(port, message, this.#lock)
    const stopWatching = this.#deaths.onDeath(message.callerLock, () => this.#lostCaller(call, message))
    void call.done.then(stopWatching)
  }

  #start(message: CallMessage): ServedCall {
    const call = new ServedCall(message, this.#api)
    this.#calls.add(call)
    void call.done.then(() => this.#calls.delete(call))
    return call
  }

  /**
   * A request that the browser dispatches again carries nothing that says so. It is taken for one that lost its caller
   * before the head was delivered, if it comes from the same page, for the same address, with the same start of the body.
   */
  async #findOrphan(message: CallMessage): Promise<ServedCall | undefined> {
    for (const call of this.#calls) {
      const { callerLock } = call.message
      if (callerLock === message.callerLock || call.delivered || !isSameRequest(call.message, message)) continue
      // The request can be faster than the death notice. Meanwhile another one may have taken the orphan.
      const orphaned = !(await this.#deaths.isAlive(callerLock)) && call.message.callerLock === callerLock
      if (!orphaned || call.delivered) continue
      // Claimed before anything else can happen: another request like it has to look on.
      call.message = message
      return call
    }
    return undefined
  }

  #lostCaller(call: ServedCall, message: CallMessage): void {
    if (call.message !== message) return
    call.detach()
    setTimeout(() => {
      if (call.message === message) call.cancel()
    }, ORPHAN_MS)
  }
}

function isSameRequest(a: CallMessage, b: CallMessage): boolean {
  if (a.clientId !== b.clientId || a.method !== b.method || a.path !== b.path) return false
  if (a.first === null || b.first === null) return a.first === b.first
  if (a.complete && b.first.length > a.first.length) return false
  if (b.complete && a.first.length > b.first.length) return false
  const common = Math.min(a.first.length, b.first.length)
  for (let i = 0; i < common; i++) if (a.first[i] !== b.first[i]) return false
  return true
}
