import { UNIT_BYTES } from '../../../src/actors/snapshot/snapshot.ts'

const WORDS = UNIT_BYTES / 4
/** Words of a mark. */
const LANES = 4

// xxHash's primes (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
const PRIME_1 = 0x9e3779b1 | 0
const PRIME_2 = 0x85ebca77 | 0

/** What a unit holds, compared with what it held before. */
export const Unit = { same: 0, changed: 1, zeros: 2 } as const
export type Unit = (typeof Unit)[keyof typeof Unit]

/**
 * Tells which units of a memory have changed, by a mark of 128 bits for each. A mark is no proof against a guest that
 * wants two contents with the same mark, and such a guest only harms its own snapshot. It takes a fraction of the time of SHA-256.
 */
export class UnitMarks {
  #marks = new Int32Array()

  /** Forgets all marks: each unit counts as changed. */
  clear(): void {
    this.#marks = new Int32Array()
  }

  /**
   * Compares a memory with what it held at the last call.
   * @returns one {@link Unit} for each. Units of zeros are always told.
   */
  compare(memory: ArrayBuffer): Uint8Array {
    const units = memory.byteLength / UNIT_BYTES
    const found = new Uint8Array(units)
    const known = this.#marks.length / LANES
    if (known < units) this.#marks = grown(this.#marks, units * LANES)
    const words = new Int32Array(memory)
    for (let unit = 0; unit < units; unit++) found[unit] = this.#look(words, unit, unit < known)
    return found
  }

  #look(words: Int32Array, unit: number, isKnown: boolean): Unit {
    const marks = this.#marks
    let a = PRIME_1
    let b = PRIME_2
    let c = 0
    let d = -PRIME_1 | 0
    let any = 0
    const end = (unit + 1) * WORDS
    for (let at = unit * WORDS; at < end; at += LANES) {
      const w = words[at] as number
      const x = words[at + 1] as number
      const y = words[at + 2] as number
      const z = words[at + 3] as number
      any |= w | x | y | z
      a = mixed(a, w)
      b = mixed(b, x)
      c = mixed(c, y)
      d = mixed(d, z)
    }
    const at = unit * LANES
    const isSame = isKnown && marks[at] === a && marks[at + 1] === b && marks[at + 2] === c && marks[at + 3] === d
    marks[at] = a
    marks[at + 1] = b
    marks[at + 2] = c
    marks[at + 3] = d
    if (any === 0) return Unit.zeros
    return isSame ? Unit.same : Unit.changed
  }
}

function mixed(lane: number, word: number): number {
  const sum = (lane + Math.imul(word, PRIME_2)) | 0
  return Math.imul((sum << 13) | (sum >>> 19), PRIME_1)
}

function grown(marks: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const all = new Int32Array(length)
  all.set(marks)
  return all
}
