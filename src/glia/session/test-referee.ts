import { decodeFrame, FRAME, type Frame, INITIAL_CREDIT_BYTES, MAX_DATA_BYTES } from './frames.ts'
import { Splitter } from './splitter.ts'
import type { PipeTap } from './test-pipe.ts'

/** A receiver may keep fewer bytes than this unacknowledged. */
const ACKNOWLEDGED_BYTES = 16 * 1024

export type Side = 'caller' | 'server'

/** What one side has sent of a call, and what has reached it. */
interface Half {
  bytes: number
  creditBytes: number
  finSent: boolean
  stopSent: boolean
  failSent: boolean
  finCame: boolean
  stopCame: boolean
  failCame: boolean
}

/** What one side has sent of the session, and what has reached it. */
class Ledger {
  readonly calls = new Map<number, Half>()
  /** Bytes of OPEN and DATA frames. */
  sentBytes = 0
  acknowledgedBytes = 0
  cameBytes = 0
  acknowledgementBytes = 0
  lastId = 0

  half(id: number): Half {
    const known = this.calls.get(id)
    if (known) return known
    const half: Half = {
      bytes: 0,
      creditBytes: INITIAL_CREDIT_BYTES,
      finSent: false,
      stopSent: false,
      failSent: false,
      finCame: false,
      stopCame: false,
      failCame: false,
    }
    this.calls.set(id, half)
    return half
  }
}

/** Watches the frames of both sides, and notes what SPEC.md forbids. */
export class Referee {
  /** What was wrong. */
  readonly fouls: string[] = []
  readonly #windowBytes: number
  readonly #ledgers = { caller: new Ledger(), server: new Ledger() }

  /** @param windowBytes Most bytes of OPEN and DATA frames under way before another such frame. */
  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
  }

  tap(side: Side): PipeTap {
    const other = side === 'caller' ? 'server' : 'caller'
    const sent = new Splitter((bytes) => this.#sent(side, decodeFrame(bytes), bytes.length))
    const arrived = new Splitter((bytes) => this.#came(other, decodeFrame(bytes), bytes.length))
    return { sent: (bytes) => sent.push(bytes), arrived: (bytes) => arrived.push(bytes) }
  }

  /** The calls of which both directions have ended for a side, without a failure. */
  overAt(side: Side): Set<number> {
    const over = [...this.#ledgers[side].calls].filter(
      ([, half]) => half.finCame && (half.finSent || half.stopCame) && !half.failSent && !half.failCame,
    )
    return new Set(over.map(([id]) => id))
  }

  /** What is wrong when all calls are over and no frame is under way. */
  balance(): string[] {
    const wrong: string[] = []
    for (const side of ['caller', 'server'] as const) {
      const ledger = this.#ledgers[side]
      const keptBytes = ledger.cameBytes - ledger.acknowledgementBytes
      if (keptBytes >= ACKNOWLEDGED_BYTES) wrong.push(`the ${side} keeps ${keptBytes} bytes unacknowledged`)
      for (const [id, half] of ledger.calls) {
        const isOut = half.finSent || half.stopCame || half.failSent || half.failCame
        const isIn = half.finCame || half.stopSent || half.failSent || half.failCame
        if (!isOut || !isIn) wrong.push(`call ${id} is not over at the ${side}: ${JSON.stringify(half)}`)
      }
    }
    return wrong
  }

  #sent(side: Side, frame: Frame, length: number): void {
    const foul = (what: string): unknown => this.fouls.push(`the ${side} ${what}: ${describe(frame)}`)
    const ledger = this.#ledgers[side]
    if (frame.type === FRAME.PING || frame.type === FRAME.PONG) return
    if (frame.type === FRAME.CREDIT && frame.id === 0) {
      ledger.acknowledgementBytes += frame.bytes
      if (ledger.acknowledgementBytes > ledger.cameBytes) foul('acknowledges what has not come')
      return
    }
    if (frame.type === FRAME.OPEN) {
      if (side === 'server') foul('opens a call')
      if (frame.id <= ledger.lastId) foul('opens a call late')
      ledger.lastId = frame.id
    } else if (!ledger.calls.has(frame.id)) foul('sends a frame of a call that it does not know')
    const half = ledger.half(frame.id)
    if (half.failSent) foul('goes on after its failure')
    // Both sides may give up at the same time. Such frames may have waited for room in the channel.
    if (half.failCame && frame.type !== FRAME.FAIL && frame.type !== FRAME.STOP) foul('goes on after a failure')
    if (frame.type === FRAME.OPEN || frame.type === FRAME.DATA) {
      if (half.finSent) foul('goes on after its end')
      if (half.stopCame) foul('goes on after a STOP')
      if (frame.data.length > MAX_DATA_BYTES) foul('sends too much in a frame')
      if (ledger.sentBytes - ledger.acknowledgedBytes >= this.#windowBytes) foul('sends past its window')
      ledger.sentBytes += length
      half.bytes += frame.data.length
      if (half.bytes > half.creditBytes) foul('sends without credit')
      half.finSent = frame.fin
    }
    if (frame.type === FRAME.CREDIT && frame.kept && side === 'caller') foul('keeps a call of its own')
    if (frame.type === FRAME.CREDIT && !frame.kept && (half.finCame || half.stopSent))
      foul('gives credit that has no use')
    if (frame.type === FRAME.STOP) {
      if (half.stopSent) foul('stops twice')
      half.stopSent = true
    }
    if (frame.type === FRAME.FAIL) half.failSent = true
  }

  #came(side: Side, frame: Frame, length: number): void {
    const ledger = this.#ledgers[side]
    if (frame.type === FRAME.PING || frame.type === FRAME.PONG) return
    if (frame.type === FRAME.CREDIT && frame.id === 0) {
      ledger.acknowledgedBytes += frame.bytes
      return
    }
    const half = ledger.half(frame.id)
    if (frame.type === FRAME.OPEN || frame.type === FRAME.DATA) {
      ledger.cameBytes += length
      half.finCame ||= frame.fin
    }
    if (frame.type === FRAME.CREDIT) half.creditBytes += frame.bytes
    if (frame.type === FRAME.STOP) half.stopCame = true
    if (frame.type === FRAME.FAIL) half.failCame = true
  }
}

function describe(frame: Frame): string {
  const shown = Object.entries(frame).map(([key, value]) => [key, value instanceof Uint8Array ? value.length : value])
  return JSON.stringify(Object.fromEntries(shown))
}
