import { globalName, MEMORY_NAME, type ModuleState } from '../../../src/actors/module/module-state.ts'
import { PAGE_BYTES } from '../../../src/actors/module/cap-memory.ts'
import { bad, type GlobalValue, type Snapshot, UNIT_BYTES } from '../../../src/actors/snapshot/snapshot.ts'
import type { Directory } from '../files/directory.ts'
import type { GuestWasi } from '../wasi/guest-wasi.ts'
import type { UnitsOf } from './put-files.ts'

export interface LiveStateInit {
  cid: string
  exposed: ModuleState
  exports: WebAssembly.Exports
  wasi: GuestWasi
  root: Directory | undefined
  data: Directory
}

/** What makes up the state of an instance: its memory and globals, its files, what is open. */
export class LiveState {
  readonly cid: string
  readonly wasi: GuestWasi
  readonly root: Directory | undefined
  readonly data: Directory
  readonly #exposed: ModuleState
  readonly #exports: WebAssembly.Exports

  constructor({ cid, exposed, exports, wasi, root, data }: LiveStateInit) {
    this.cid = cid
    this.wasi = wasi
    this.root = root
    this.data = data
    this.#exposed = exposed
    this.#exports = exports
  }

  get memory(): ArrayBuffer {
    return this.wasmMemory?.buffer ?? new ArrayBuffer(0)
  }

  get globals(): GlobalValue[] {
    return this.#exposed.globals.map((one) => ({ ...one, value: this.#global(one.index).value as number | bigint }))
  }

  /**
   * Fills a fresh instance, of which nothing has run. @throws {GliaError} ERR_BAD_SNAPSHOT if the snapshot does not fit
   * it.
   */
  fill({ memoryBytes, memory, globals }: Snapshot, unitsOf: UnitsOf): void {
    this.#checkGlobals(globals)
    const initialBytes = this.memory.byteLength
    this.#grow(memoryBytes)
    const bytes = new Uint8Array(this.memory)
    for (let unit = 0; unit * UNIT_BYTES < memoryBytes; unit++) {
      const at = unit * UNIT_BYTES
      const content = unitsOf(memory, unit)
      if (content) bytes.set(content, at)
      // The module's own data is there already.
      else if (at < initialBytes) bytes.fill(0, at, at + UNIT_BYTES)
    }
    for (const { index, value } of globals) this.#global(index).value = value
  }

  #checkGlobals(globals: readonly GlobalValue[]): void {
    const { globals: own } = this.#exposed
    const isSame =
      own.length === globals.length &&
      own.every(({ index, type }, i) => globals[i]?.index === index && globals[i].type === type)
    if (!isSame) throw bad('its variables are not those of the module')
  }

  #grow(memoryBytes: number): void {
    const more = (memoryBytes - this.memory.byteLength) / PAGE_BYTES
    if (more === 0) return
    if (more < 0) throw bad('it has less memory than the module begins with')
    try {
      if (!this.wasmMemory) throw new RangeError('no memory')
      this.wasmMemory.grow(more)
    } catch (cause) {
      throw bad(`it has ${memoryBytes} bytes of memory, more than the process may have`, cause)
    }
  }

  /** Undefined: the guest has none. */
  get wasmMemory(): WebAssembly.Memory | undefined {
    return this.#exports[MEMORY_NAME] as WebAssembly.Memory | undefined
  }

  #global(index: number): WebAssembly.Global {
    return this.#exports[globalName(index)] as WebAssembly.Global
  }
}
