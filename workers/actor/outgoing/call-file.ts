import { wasi } from '@bjorn3/browser_wasi_shim'
import type { OpenHow } from '../files/mount.ts'
import type { GuestCall } from '../carrier/guest-call.ts'
import { Descriptor, type FileStat, type Later, NOT_READY } from '../wasi/descriptor.ts'
import { andThen } from '../wasi/later.ts'
import { type Rights, STREAM_RIGHTS } from '../wasi/rights.ts'
import { orThrow, WasiError } from '../wasi/wasi-error.ts'

const READ_WRITE: Rights = wasi.RIGHTS_FD_READ | wasi.RIGHTS_FD_WRITE
/** Bytes of an unwanted reply that are dropped at a time. */
const DROP_BYTES = 64 * 1024

/**
 * A call as an open file: written bytes are the request, read bytes are the reply. The first read ends the request, as
 * `shutdown` does. In a file opened with O_NONBLOCK only `shutdown` does, so that the program may write and read in
 * turns.
 */
export class CallFile extends Descriptor {
  readonly filetype = wasi.FILETYPE_CHARACTER_DEVICE
  readonly #call: GuestCall
  readonly #ino: bigint
  readonly #endsWithRead: boolean

  constructor(call: GuestCall, ino: bigint, how: OpenHow) {
    super()
    this.#call = call
    this.#ino = ino
    this.#endsWithRead = (how.flags & wasi.FDFLAGS_NONBLOCK) === 0
    this.flags = how.flags
    // Some languages ask for no rights at all. They get those that the directory passes on. C's library takes a device
    // with TELL for no terminal, and has no other sign.
    this.rights = STREAM_RIGHTS | wasi.RIGHTS_FD_TELL | (how.rights & READ_WRITE || READ_WRITE)
  }

  override read(target: Uint8Array): Later<number> {
    if (this.#endsWithRead) this.#call.end()
    return andThen(this.#waits ? this.#call.read(target) : this.#call.readNow(target), orThrow)
  }

  override write(source: Uint8Array): Later<number> {
    return andThen(this.#waits ? this.#call.write(source) : this.#call.writeNow(source), orThrow)
  }

  override shutdown(how: number): void {
    if ((how & wasi.SDFLAGS_WR) !== 0) this.#call.end()
  }

  override readable(): number {
    return this.#call.readable ? this.#call.available : NOT_READY
  }

  override writable(): number {
    return this.#call.writable ? this.#call.room : NOT_READY
  }

  override stat(): FileStat {
    return { ...super.stat(), ino: this.#ino }
  }

  /**
   * Cancels the rest of the call. A file that was opened for writing only is a message without a wanted reply: closing
   * it ends the message, waits until it was handled, and fails if that failed.
   */
  override close(): Later<void> {
    if ((this.rights & READ_WRITE) !== wasi.RIGHTS_FD_WRITE) return this.#call.close()
    this.#call.end()
    return this.#dropReply(1, new Uint8Array(DROP_BYTES))
  }

  /** A message without an end is no message. */
  override abandon(): void {
    this.#call.close()
  }

  get #waits(): boolean {
    return (this.flags & wasi.FDFLAGS_NONBLOCK) === 0
  }

  /** @param read The result of the last read. */
  #dropReply(read: number, into: Uint8Array): Later<void> {
    let count = read
    while (count > 0) {
      const next = this.#call.read(into)
      if (typeof next !== 'number') return next.then((got) => this.#dropReply(got, into))
      count = next
    }
    this.#call.close()
    if (count < 0) throw new WasiError(-count)
  }
}
