import { UNIT_BYTES } from '../../../src/actors/snapshot/snapshot.ts'

/** Words of a mark, of 32 bits each. */
const LANES = 4

/** What a unit holds, compared with what it held before. */
export const Unit = { same: 0, changed: 1, zeros: 2 } as const
export type Unit = (typeof Unit)[keyof typeof Unit]

/**
 * The mark of a unit, with the primes and the rounds of xxHash
 * (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). It is WebAssembly, which is fast from its first turn:
 * 1.3 MiB take 0.2 ms. The same loop in JavaScript took 7 ms in a new worker, and 10 ms more on other threads, which
 * optimised it for each worker anew (Chromium 156).
 *
 * (module
 *   (import "guest" "memory" (memory 0))
 *   (func (export "mark") (param $at i32) (result i32 i32 i32 i32 i32)
 *     (local $end i32) (local $lanes v128) (local $any v128) (local $words v128)
 *     (local.set $end (i32.add (local.get $at) (i32.const 16384)))
 *     (local.set $lanes (v128.const i32x4 0x9e3779b1 0x85ebca77 0 0x61c8864f))
 *     (loop $next
 *       (local.set $any (v128.or (local.get $any) (local.tee $words (v128.load (local.get $at)))))
 *       (local.set $lanes (i32x4.add (local.get $lanes)
 *         (i32x4.mul (local.get $words) (v128.const i32x4 0x85ebca77 0x85ebca77 0x85ebca77 0x85ebca77))))
 *       (local.set $lanes (i32x4.mul
 *         (v128.or (i32x4.shl (local.get $lanes) (i32.const 13)) (i32x4.shr_u (local.get $lanes) (i32.const 19)))
 *         (v128.const i32x4 0x9e3779b1 0x9e3779b1 0x9e3779b1 0x9e3779b1)))
 *       (br_if $next (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
 *     (i32x4.extract_lane 0 (local.get $lanes))
 *     (i32x4.extract_lane 1 (local.get $lanes))
 *     (i32x4.extract_lane 2 (local.get $lanes))
 *     (i32x4.extract_lane 3 (local.get $lanes))
 *     (v128.any_true (local.get $any))))
 */
const MARK =
  'AGFzbQEAAAABCgFgAX8Ff39/f38CEQEFZ3Vlc3QGbWVtb3J5AgAAAwIBAAcIAQRtYXJrAAAKoAEBnQECAX8DeyAAQYCAAWohAf0MsXk3nnfK64UAAAAAT4bIYSECA0AgAyAA/QAEACIE/VAhAyACIAT9DHfK64V3yuuFd8rrhXfK64X9tQH9rgEhAiACQQ39qwEgAkET/a0B/VD9DLF5N56xeTeesXk3nrF5N579tQEhAiAAQRBqIgAgAUcNAAsgAv0bACAC/RsBIAL9GwIgAv0bAyAD/VML'

/** @param at Where the unit begins. @returns the words of its mark, and whether there is something in it. */
type Mark = (at: number) => readonly [number, number, number, number, number]

/**
 * Tells which units of a memory have changed, by a mark of 128 bits for each. A mark is no proof against a guest that
 * wants two contents with the same mark, and such a guest only harms its own snapshot. It takes a fraction of the time of SHA-256.
 */
export class UnitMarks {
  readonly #memory: WebAssembly.Memory | undefined
  #mark: Mark | undefined
  #marks = new Int32Array()

  /** @param memory Undefined: the guest has none. */
  constructor(memory: WebAssembly.Memory | undefined) {
    this.#memory = memory
  }

  /** Forgets all marks: each unit counts as changed. */
  clear(): void {
    this.#marks = new Int32Array()
  }

  /**
   * Compares the memory with what it held at the last call.
   * @returns one {@link Unit} for each. Units of zeros are always told.
   */
  compare(): Uint8Array {
    const memory = this.#memory
    if (!memory) return new Uint8Array()
    const mark = (this.#mark ??= markOf(memory))
    const units = memory.buffer.byteLength / UNIT_BYTES
    const found = new Uint8Array(units)
    const known = this.#marks.length / LANES
    if (known < units) this.#marks = grown(this.#marks, units * LANES)
    const marks = this.#marks
    for (let unit = 0; unit < units; unit++) {
      const [a, b, c, d, any] = mark(unit * UNIT_BYTES)
      const at = unit * LANES
      const isSame =
        unit < known && marks[at] === a && marks[at + 1] === b && marks[at + 2] === c && marks[at + 3] === d
      marks[at] = a
      marks[at + 1] = b
      marks[at + 2] = c
      marks[at + 3] = d
      found[unit] = any === 0 ? Unit.zeros : isSame ? Unit.same : Unit.changed
    }
    return found
  }
}

function markOf(memory: WebAssembly.Memory): Mark {
  const module = new WebAssembly.Module(Uint8Array.from(atob(MARK), (char) => char.charCodeAt(0)))
  return new WebAssembly.Instance(module, { guest: { memory } }).exports['mark'] as Mark
}

function grown(marks: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const all = new Int32Array(length)
  all.set(marks)
  return all
}
