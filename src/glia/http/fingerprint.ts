/**
 * Tells whether two byte sequences of any length are the same, without keeping them. The caller itself says that its
 * requests are the same, so this has to find mistakes and no attacks: 64 bits, and no cryptography (cyrb53's two
 * lanes).
 */
export class Fingerprint {
  #length = 0
  #a = 0x9e3779b9
  #b = 0x85ebca6b

  /** Bytes that were added. */
  get length(): number {
    return this.#length
  }

  add(bytes: Uint8Array): void {
    let a = this.#a
    let b = this.#b
    for (const byte of bytes) {
      a = Math.imul(a ^ byte, 2654435761)
      b = Math.imul(b ^ byte, 1597334677)
      // Without this step the lowest bits of a lane would depend only on the lowest bits of the bytes.
      a ^= a >>> 15
      b ^= b >>> 13
    }
    this.#a = a
    this.#b = b
    this.#length += bytes.length
  }

  equals(other: Fingerprint): boolean {
    return this.#length === other.#length && this.#a === other.#a && this.#b === other.#b
  }
}
