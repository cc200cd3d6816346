import { signal } from '@preact/signals'
import type { PeerDetail } from '../../mesh/presence/peer-info.ts'
import { wordsOf } from '../kit/notices.tsx'
import type { TabModel } from '../model.ts'

/** How often the peer is looked at and pinged while its page is shown, in ms. */
const LOOK_MS = 2000
/** Pings that the line shows: two minutes. */
const MAX_SAMPLES = 60

export interface PingSample {
  at: number
  /** Undefined: no answer came. */
  ms: number | undefined
}

export interface Rates {
  /** In bytes per second. */
  received: number
  sent: number
}

type Model = Pick<TabModel, 'lookAt' | 'ping'>

/** Follows one peer while its page is shown. Nothing is asked while the page is hidden. */
export class LivePeer {
  readonly detail = signal<PeerDetail | undefined>(undefined)
  readonly rates = signal<Rates | undefined>(undefined)
  /** The last pings, the oldest first. */
  readonly samples = signal<readonly PingSample[]>([])
  /** Since when a connected peer gives no answer, in ms since the epoch; undefined while it answers. */
  readonly silentSince = signal<number | undefined>(undefined)
  /** Why nothing can be shown. */
  readonly error = signal<ReturnType<typeof wordsOf> | undefined>(undefined)
  readonly #model: Model
  readonly #peerId: string
  #before: { at: number; detail: PeerDetail } | undefined
  #answeredAt: number | undefined
  #isPinging = false

  constructor(model: Model, peerId: string) {
    this.#model = model
    this.#peerId = peerId
  }

  /** @returns a function that ends it */
  follow(): () => void {
    const cancel = new AbortController()
    const look = (): void => {
      if (!document.hidden) void this.look(cancel.signal)
    }
    look()
    const timer = setInterval(look, LOOK_MS)
    document.addEventListener('visibilitychange', look, { signal: cancel.signal })
    return () => {
      clearInterval(timer)
      cancel.abort()
    }
  }

  /** Looks at the peer, and pings it if it is connected. Never rejects. */
  async look(cancelled: AbortSignal): Promise<void> {
    try {
      const detail = await this.#model.lookAt(this.#peerId)
      if (cancelled.aborted) return
      this.#show(detail, Date.now())
      if (detail.connections.length > 0) await this.#ping(cancelled)
    } catch (thrown) {
      if (!cancelled.aborted) this.error.value = wordsOf(thrown)
    }
  }

  #show(detail: PeerDetail, now: number): void {
    const { detail: before, at } = this.#before ?? {}
    if (before && at !== undefined && now > at) {
      const perSecond = (bytes: number): number => (Math.max(0, bytes) * 1000) / (now - at)
      this.rates.value = {
        received: perSecond(detail.receivedBytes - before.receivedBytes),
        sent: perSecond(detail.sentBytes - before.sentBytes),
      }
    }
    this.#before = { at: now, detail }
    this.detail.value = detail
    this.error.value = undefined
    if (detail.connections.length > 0) return
    this.rates.value = undefined
    this.silentSince.value = undefined
    this.#answeredAt = undefined
  }

  async #ping(cancelled: AbortSignal): Promise<void> {
    // An answer may take longer than the pause between two looks.
    if (this.#isPinging) return
    this.#isPinging = true
    const at = Date.now()
    let ms: number | undefined
    try {
      ms = await this.#model.ping(this.#peerId, cancelled)
    } catch {
      ms = undefined // It gave no answer. The page says so.
    } finally {
      this.#isPinging = false
    }
    if (cancelled.aborted) return
    this.samples.value = [...this.samples.peek(), { at, ms }].slice(-MAX_SAMPLES)
    if (ms !== undefined) this.#answeredAt = Date.now()
    // A peer that was disconnected meanwhile is not silent: it is gone.
    const isConnected = (this.detail.peek()?.connections.length ?? 0) > 0
    this.silentSince.value = ms === undefined && isConnected ? (this.#answeredAt ?? at) : undefined
  }
}
