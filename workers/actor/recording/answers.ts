import type { RecordedEvent } from '../../../src/actors/recording/events.ts'
import type { Difference } from '../../../src/actors/recording/recorder-api.ts'
import type { RecordedEnd } from '../../../src/actors/recording/recording.ts'
import { concat } from '../../../src/glia/stream/concat.ts'
import { SHAPES } from './shapes.ts'
import { Transfer } from './transfer.ts'

/** Bytes that are shown before and after the first one that differs. */
const AROUND = 24
/** Longest text of a guest in words about a call, in UTF-16 units. */
const MAX_SHOWN = 80

/** The replay cannot go on: nobody knows what to tell the guest. */
class Off extends Error {
  override readonly message = 'the replay cannot go on'
}

type Output = 'reply' | 'stderr'

/** Answers the calls of a replayed guest as they were answered before, and notes the first difference. */
export class Answers {
  difference: Difference | undefined
  /** Whether the guest has asked for something that is not in the record. */
  isOff = false
  readonly #events: readonly RecordedEvent[]
  readonly #onCut: (() => void) | undefined
  /** Events that were used. */
  #used = 0
  /** What the standard descriptors of the message are, whatever numbers they have. */
  #outputs = new Map<number, Output>()
  readonly #written: Record<Output, Uint8Array[]> = { reply: [], stderr: [] }

  /**
   * @param onCut Called when all events are used, if the recorded method was ended then: what it would have done next is
   * not known. Left out: it came to its end.
   */
  constructor(events: readonly RecordedEvent[], onCut?: () => void) {
    this.#events = events
    this.#onCut = onCut
    // Until the message begins there is no reply.
    this.#outputs.set(2, 'stderr')
  }

  get reply(): Uint8Array {
    return concat(this.#written.reply)
  }

  get stderr(): Uint8Array {
    return concat(this.#written.stderr)
  }

  get calls(): number {
    return this.#used
  }

  beginMessage(): void {
    this.#outputs = new Map<number, Output>([
      [1, 'reply'],
      [2, 'stderr'],
    ])
    this.#lookForCut()
  }

  /**
   * Answers a call of the guest.
   * @param determined Does what the function does, if that depends on nothing else.
   */
  answer(
    name: string,
    values: (number | bigint)[],
    buffer: ArrayBuffer,
    determined?: (...values: (number | bigint)[]) => number,
  ): number {
    const transfer = new Transfer(name, values, buffer)
    const { args, input } = transfer
    const event = this.#next(name, args, input)
    const errno = determined ? determined(...values) : this.#told(event, transfer)
    this.#lookForCut()
    return errno
  }

  /** What a guest is told by an event. */
  #told(event: RecordedEvent, transfer: Transfer): number {
    const { name } = event
    const { args, input } = transfer
    const { result, output } = event
    if (result === null) throw new WebAssembly.RuntimeError(`${name} had trapped`)
    if (isWrite(name) && !isSame(event.input, input)) {
      this.#differ(this.#bytesDifference(event, input, this.#outputs.get(Number(args[0]))))
      // It is told that all of it was taken, as it was.
      const count = new DataView(new ArrayBuffer(4))
      count.setUint32(0, input?.length ?? 0, true)
      transfer.put(new Uint8Array(count.buffer), result)
      this.#follow(name, args, result, input, input?.length ?? 0)
      return result
    }
    if (output && !transfer.put(output, result))
      this.#off({ kind: 'call', call: this.#used, recorded: wordsOf(event), replayed: wordsOf({ name, args, input }) })
    const taken =
      output && result === 0 && output.length >= 4
        ? new DataView(output.buffer, output.byteOffset).getUint32(0, true)
        : 0
    this.#follow(name, args, result, input, taken)
    return result
  }

  /** AssemblyScript's `trace`: a line of the log. */
  trace(text: string): void {
    const input = new TextEncoder().encode(text)
    const event = this.#next('trace', [], input)
    if (!isSame(event.input, input)) this.#differ(this.#bytesDifference(event, input, 'stderr'))
    this.#written.stderr.push(input)
    this.#lookForCut()
  }

  /** The method has ended. */
  finish(end: RecordedEnd, recorded: RecordedEnd): void {
    if (this.isOff) return
    const event = this.#events[this.#used]
    if (event) this.#differ({ kind: 'call', call: this.#used + 1, recorded: wordsOf(event), replayed: undefined })
    else if (end.status !== recorded.status || end.code !== recorded.code)
      this.#differ({ kind: 'end', recorded, replayed: end })
  }

  #lookForCut(): void {
    if (this.#used === this.#events.length) this.#onCut?.()
  }

  /** The event of the call. What is written is compared later. */
  #next(name: string, args: readonly (number | bigint)[], input: Uint8Array | null): RecordedEvent {
    if (this.isOff) throw new Off()
    const event = this.#events[this.#used]
    if (!event && this.#onCut) {
      this.isOff = true
      throw new Off()
    }
    const isExpected =
      event?.name === name &&
      event.args.length === args.length &&
      event.args.every((arg, i) => String(arg) === String(args[i])) &&
      (isWrite(name) || isSame(event.input, input))
    if (!event || !isExpected) {
      return this.#off({
        kind: 'call',
        call: this.#used + 1,
        recorded: event && wordsOf(event),
        replayed: wordsOf({ name, args, input }),
      })
    }
    this.#used += 1
    return event
  }

  #off(difference: Difference): never {
    this.#differ(difference)
    this.isOff = true
    throw new Off()
  }

  /** Only the first difference counts: the others follow from it. */
  #differ(difference: Difference): void {
    this.difference ??= difference
  }

  #bytesDifference(
    { input: recorded }: RecordedEvent,
    replayed: Uint8Array | null,
    where: Output | undefined,
  ): Difference {
    const before = where ? concat(this.#written[where]) : new Uint8Array()
    const [one, other] = [recorded ?? new Uint8Array(), replayed ?? new Uint8Array()]
    const offset = before.length + firstDifference(one, other)
    const from = Math.max(0, offset - AROUND)
    const part = (bytes: Uint8Array): Uint8Array => concat([before, bytes]).slice(from, offset + AROUND)
    return {
      kind: 'bytes',
      where: where ?? 'written',
      offset,
      from,
      recorded: part(one),
      replayed: part(other),
      call: this.#used,
    }
  }

  /** Keeps what is written to the reply and the log, and where they are. */
  #follow(
    name: string,
    args: readonly (number | bigint)[],
    errno: number,
    input: Uint8Array | null,
    taken: number,
  ): void {
    if (errno !== 0) return
    const [fd, to] = [Number(args[0]), Number(args[1])]
    const output = this.#outputs.get(fd)
    if (name === 'fd_write' && output && input) this.#written[output].push(input.slice(0, taken))
    if (name !== 'fd_close' && name !== 'fd_renumber') return
    this.#outputs.delete(fd)
    if (name !== 'fd_renumber') return
    if (output) this.#outputs.set(to, output)
    else this.#outputs.delete(to)
  }
}

function isWrite(name: string): boolean {
  return name === 'trace' || SHAPES[name]?.includes('w') === true
}

function isSame(one: Uint8Array | null, other: Uint8Array | null): boolean {
  const [a, b] = [one ?? new Uint8Array(), other ?? new Uint8Array()]
  return a.length === b.length && firstDifference(a, b) === a.length
}

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length)
  for (let i = 0; i < length; i++) if (one[i] !== other[i]) return i
  return length
}

/** A call as a person writes it. */
function wordsOf({ name, args, input }: Pick<RecordedEvent, 'name' | 'args' | 'input'>): string {
  const text = input && new TextDecoder().decode(input.subarray(0, MAX_SHOWN))
  const shown = isWrite(name) ? `${input?.length ?? 0} bytes` : text === null ? undefined : JSON.stringify(text)
  return `${name}(${[...args.map(String), ...(shown === undefined ? [] : [shown])].join(', ')})`
}
