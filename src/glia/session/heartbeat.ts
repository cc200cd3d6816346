export interface HeartbeatInit {
  /** Silence after which the other peer is asked whether it is there, in ms. */
  pingMs: number
  /** Silence after which the other peer is given up, in ms. */
  silenceMs: number
  ping(): void
  giveUp(): void
}

/** If a timer is later than this, in ms, the tab was frozen or the machine slept. */
const LATE_MS = 1000

/** Notices that the other peer is gone while calls are under way. libp2p 3.3 notices a closed tab after about 16 s. */
export class Heartbeat {
  readonly #init: HeartbeatInit
  #timer: ReturnType<typeof setTimeout> | undefined
  #dueAt = 0
  #heardAt = 0
  #askedAt: number | undefined
  #forgiven = false

  constructor(init: HeartbeatInit) {
    this.#init = init
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.heard()
    this.#wait(this.#init.pingMs)
  }

  /** Call it when something has arrived. */
  heard(): void {
    this.#heardAt = performance.now()
    this.#askedAt = undefined
    this.#forgiven = false
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(ms: number): void {
    this.#dueAt = performance.now() + ms
    this.#timer = setTimeout(() => this.#check(), ms)
  }

  #check(): void {
    const { pingMs, silenceMs, ping, giveUp } = this.#init
    const now = performance.now()
    const patienceMs = silenceMs - pingMs
    // A frozen peer could hear nothing, so it asks once more.
    if (now - this.#dueAt > LATE_MS && !this.#forgiven) {
      this.#forgiven = true
      this.#askedAt = undefined
    }
    if (this.#askedAt !== undefined && now - this.#askedAt >= patienceMs) {
      this.#timer = undefined
      giveUp()
      return
    }
    const silentMs = now - this.#heardAt
    if (silentMs < pingMs) return this.#wait(pingMs - silentMs)
    if (this.#askedAt === undefined) {
      this.#askedAt = now
      ping()
    }
    // No longer than pingMs: a silence may begin right after an answer.
    this.#wait(Math.min(pingMs, patienceMs - (now - this.#askedAt)))
  }
}
