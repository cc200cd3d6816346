import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Stdio } from '../carrier/stdio.ts'
import type { Call } from '../carrier/guest-call.ts'
import type { WasiContext } from './context.ts'
import { Descriptor, type Later, NOT_READY } from './descriptor.ts'
import { andThen } from './later.ts'
import type { Rights } from './rights.ts'
import { orThrow } from './wasi-error.ts'

const COMMON_RIGHTS = wasi.RIGHTS_FD_FDSTAT_SET_FLAGS | wasi.RIGHTS_FD_FILESTAT_GET | wasi.RIGHTS_POLL_FD_READWRITE

/**
 * The message, its reply or the log. Its file type is unknown, which is how wasmtime reports a pipe. C's library takes
 * a character device that cannot seek for a terminal: interpreters then start their prompt instead of reading a script.
 */
export abstract class StdioDescriptor extends Descriptor {
  readonly filetype: number
  readonly #context: WasiContext
  readonly #given: Rights

  constructor(context: WasiContext, right: Rights) {
    super()
    this.filetype = context.isTerminal ? wasi.FILETYPE_CHARACTER_DEVICE : wasi.FILETYPE_UNKNOWN
    this.#context = context
    this.#given = this.rights = COMMON_RIGHTS | right
  }

  /** Restores the descriptor for a new message. */
  reset(): void {
    this.rights = this.#given
    this.flags = 0
  }

  /** The instance's own end tells how the message ends. */
  override abandon(): void {}

  protected get stdio(): Stdio {
    return this.#context.stdio
  }

  protected get call(): Call {
    return this.#context.stdio.call
  }

  protected get isCommand(): boolean {
    return this.#context.isCommand
  }

  protected get mayWait(): boolean {
    return (this.flags & wasi.FDFLAGS_NONBLOCK) === 0
  }
}

export class StdinDescriptor extends StdioDescriptor {
  constructor(context: WasiContext) {
    super(context, wasi.RIGHTS_FD_READ)
  }

  override read(target: Uint8Array): Later<number> {
    return andThen(this.mayWait ? this.call.read(target) : this.call.readNow(target), orThrow)
  }

  override readable(): number {
    return this.call.readable ? this.call.available : NOT_READY
  }

  /** The guest wants no more of the message. */
  override close(): void {
    this.call.stop()
  }
}

export class StdoutDescriptor extends StdioDescriptor {
  constructor(context: WasiContext) {
    super(context, wasi.RIGHTS_FD_WRITE)
  }

  override write(source: Uint8Array): Later<number> {
    return andThen(this.mayWait ? this.call.write(source) : this.call.writeNow(source), orThrow)
  }

  override writable(): number {
    return this.call.writable ? this.call.room : NOT_READY
  }

  /** The reply is whole, except for a command. */
  override close(): void {
    if (!this.isCommand) this.call.end()
  }
}

export class StderrDescriptor extends StdioDescriptor {
  constructor(context: WasiContext) {
    super(context, wasi.RIGHTS_FD_WRITE)
  }

  override write(source: Uint8Array): Later<number> {
    return andThen(this.stdio.writeError(source), orThrow)
  }
}
