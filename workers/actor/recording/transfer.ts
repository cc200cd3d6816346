import { MAX_LOG_BYTES } from '../../../src/actors/recording/recording.ts'
import { concat } from '../../../src/glia/stream/concat.ts'
import { SHAPES } from './shapes.ts'

const SUBSCRIPTION_BYTES = 48
const EVENT_BYTES = 32
/** Sizes of results, by their letters in {@link SHAPES}. */
const SIZES: Readonly<Record<string, number>> = { u: 4, h: 2, d: 8, f: 24, F: 64 }

/** A place in the memory of the guest. */
type Place = readonly [at: number, length: number]

/** What a call of the guest takes out of its memory, and where the answer goes. Places out of the memory are left out. */
export class Transfer {
  readonly args: (number | bigint)[] = []
  /** What the guest gives; null if it gives nothing. */
  readonly input: Uint8Array | null
  readonly #memory: Uint8Array
  readonly #view: DataView
  /** Results of fixed sizes. */
  readonly #results: Place[] = []
  /** Where a list of buffers or a buffer is filled. */
  readonly #filled: Place[] = []
  /** Where the number of used bytes is put. */
  #count: number | undefined
  /** Bytes that one of them stands for. */
  #countUnit = 1

  constructor(name: string, values: readonly (number | bigint)[], buffer: ArrayBuffer) {
    this.#memory = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
    const given: Place[] = []
    let hasInput = false
    const next = values[Symbol.iterator]()
    const value = (): number | bigint => next.next().value ?? 0
    const pointer = (): number => Number(value()) >>> 0
    const giving = (places: readonly Place[]): void => {
      hasInput = true
      given.push(...places)
    }
    for (const letter of SHAPES[name] ?? '') {
      if (letter === 'v') this.args.push(value())
      else if (letter === '-') value()
      else if (letter === 's') {
        const place: Place = [pointer(), pointer()]
        this.args.push(place[1])
        giving([place])
      } else if (letter === 'w') giving(this.#buffers(pointer(), pointer()))
      else if (letter === 'r') this.#fill(this.#buffers(pointer(), pointer()))
      else if (letter === 'b') this.#fill([[pointer(), pointer()]])
      else if (letter === 'P') {
        const [subscriptions, events, count] = [pointer(), pointer(), pointer()]
        giving([[subscriptions, count * SUBSCRIPTION_BYTES]])
        this.#filled.push([events, count * EVENT_BYTES])
        this.#countUnit = EVENT_BYTES
        this.#result(pointer(), 4, true)
      } else this.#result(pointer(), SIZES[letter] ?? 0, letter === 'u')
    }
    this.input = hasInput ? this.#gathered(given.filter((place) => this.#isInside(place))) : null
  }

  /** What the call has put into the memory. @param errno Of the call. */
  take(errno: number): Uint8Array {
    return this.#gathered([...this.#results, ...this.#used(errno)])
  }

  /** Puts the same there. @returns whether there was room for exactly that. */
  put(output: Uint8Array, errno: number): boolean {
    let done = 0
    const write = (place: Place): void => {
      const part = output.subarray(done, done + place[1])
      this.#memory.set(part, place[0])
      done += place[1]
    }
    // The first ones say how many of the others there are.
    this.#results.forEach(write)
    this.#used(errno).forEach(write)
    return done === output.length
  }

  #result(at: number, length: number, counts: boolean): void {
    if (!this.#isInside([at, length])) return
    this.#results.push([at, length])
    if (counts) this.#count = at
  }

  #fill(places: readonly Place[]): void {
    this.args.push(places.reduce((sum, [, length]) => sum + length, 0))
    this.#filled.push(...places)
  }

  /** The places that were filled, cut to what was used. */
  #used(errno: number): Place[] {
    if (errno !== 0) return []
    let left = this.#count === undefined ? Infinity : this.#view.getUint32(this.#count, true) * this.#countUnit
    const used: Place[] = []
    for (const [at, length] of this.#filled) {
      const part: Place = [at, Math.min(length, left)]
      if (!this.#isInside(part)) break
      left -= part[1]
      if (part[1] > 0) used.push(part)
    }
    return used
  }

  #buffers(list: number, count: number): Place[] {
    if (!this.#isInside([list, count * 8])) return []
    return Array.from({ length: count }, (_, i) => {
      const at = list + i * 8
      return [this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true)] as const
    })
  }

  /** A copy of their bytes. A log has no room for more than its limit, and buffers may overlap. */
  #gathered(places: readonly Place[]): Uint8Array {
    const parts: Uint8Array[] = []
    let left = MAX_LOG_BYTES + 1
    for (const [at, length] of places) {
      parts.push(this.#memory.subarray(at, at + Math.min(length, left)))
      left -= Math.min(length, left)
    }
    return concat(parts)
  }

  #isInside([at, length]: Place): boolean {
    return at + length <= this.#memory.length
  }
}
