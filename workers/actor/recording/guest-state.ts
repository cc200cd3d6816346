import { PAGE_BYTES } from '../../../src/actors/module/cap-memory.ts'
import { globalName, MEMORY_NAME, type ModuleState } from '../../../src/actors/module/module-state.ts'
import { bad, type GuestState, MAX_STATE_BYTES } from '../../../src/actors/recording/recording.ts'
import { UNIT_BYTES } from '../../../src/actors/snapshot/snapshot.ts'

type Exports = WebAssembly.Exports

/** The state of an instance between two messages; undefined if it is too large to be kept with a call. */
export function takeState(exports: Exports, { globals }: ModuleState): GuestState | undefined {
  const memory = memoryOf(exports)
  const units = unitsOf(memory)
  if (units.length * UNIT_BYTES > MAX_STATE_BYTES) return undefined
  const bytes = new Uint8Array(units.length * UNIT_BYTES)
  units.forEach((unit, i) => bytes.set(new Uint8Array(memory, unit * UNIT_BYTES, UNIT_BYTES), i * UNIT_BYTES))
  const values = globals.map((one) => ({ ...one, value: globalOf(exports, one.index).value as number | bigint }))
  return { memoryBytes: memory.byteLength, units, bytes, globals: values }
}

/**
 * Fills a fresh instance, of which nothing has run.
 * @throws {GliaError} ERR_BAD_REQUEST if the state does not fit the module.
 */
export function putState(exports: Exports, { globals: own }: ModuleState, state: GuestState): void {
  const isSame =
    own.length === state.globals.length &&
    own.every(({ index, type }, i) => state.globals[i]?.index === index && state.globals[i].type === type)
  if (!isSame) throw bad('what it had in memory does not fit this module')
  const before = memoryOf(exports).byteLength
  grow(exports, state.memoryBytes - before)
  const memory = new Uint8Array(memoryOf(exports))
  // The module's own data is there already.
  memory.fill(0, 0, before)
  state.units.forEach((unit, i) =>
    memory.set(state.bytes.subarray(i * UNIT_BYTES, (i + 1) * UNIT_BYTES), unit * UNIT_BYTES),
  )
  for (const { index, value } of state.globals) globalOf(exports, index).value = value
}

function grow(exports: Exports, bytes: number): void {
  if (bytes === 0) return
  try {
    if (bytes < 0) throw new RangeError('it begins with more')
    const memory = exports[MEMORY_NAME]
    if (!(memory instanceof WebAssembly.Memory)) throw new RangeError('it has none')
    memory.grow(bytes / PAGE_BYTES)
  } catch (cause) {
    throw bad('this module cannot have so much memory as it had', cause)
  }
}

/** Numbers of the units that have something in them. */
function unitsOf(memory: ArrayBuffer): number[] {
  const words = new Int32Array(memory)
  const each = UNIT_BYTES / 4
  return Array.from({ length: memory.byteLength / UNIT_BYTES }, (_, unit) => unit).filter((unit) => {
    for (let at = unit * each; at < (unit + 1) * each; at++) if (words[at] !== 0) return true
    return false
  })
}

function memoryOf(exports: Exports): ArrayBuffer {
  const memory = exports[MEMORY_NAME]
  return memory instanceof WebAssembly.Memory ? memory.buffer : new ArrayBuffer(0)
}

function globalOf(exports: Exports, index: number): WebAssembly.Global {
  const found = exports[globalName(index)]
  if (found instanceof WebAssembly.Global) return found
  throw bad('a variable of it is not there')
}
