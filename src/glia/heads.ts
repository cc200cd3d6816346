import { concat } from './stream/concat.ts'

/** Bytes that are kept of each direction of a call. */
export const HEAD_BYTES = 4096

/** The first bytes of one direction of a call. */
class Head {
  bytes = new Uint8Array()

  take(chunk: Uint8Array): void {
    const room = HEAD_BYTES - this.bytes.length
    if (room > 0) this.bytes = concat([this.bytes, chunk.subarray(0, room)])
  }
}

/** The first bytes of both directions of a call. */
export class Heads {
  readonly request = new Head()
  readonly reply = new Head()
}
