// Inputs that are no actors, and why. Each module differs from `good` in one thing.
import {
  body,
  exportFunc,
  exportMemory,
  funcType,
  I32,
  I64,
  importFunc,
  importMemory,
  MAGIC,
  memory32,
  memory64,
  type ModuleInit,
  UNREACHABLE,
  wasm,
} from './wasm.ts'

const PAGES_OF_256_MIB = 4096
const NOTHING = 0
const TAKES_I32 = 1
const RETURNS_I64 = 2
/** The type of fd_write. */
const IO = 3

const EMPTY = { type: NOTHING, body: body() }
const TRAPS = { type: NOTHING, body: body(UNREACHABLE) }

const GOOD = {
  types: [funcType([], []), funcType([I32], []), funcType([], [I64]), funcType([I32, I32, I32, I32], [I32])],
  funcs: [EMPTY],
  memories: [memory32(1)],
  exports: [exportMemory(), exportFunc('run', 0)],
} satisfies ModuleInit

/** The smallest actor: one method, `run`, that does nothing. */
export const good = wasm(GOOD)

/** `good` with one import in front, so that `run` is function 1. */
function importing(module: string, field: string): Uint8Array<ArrayBuffer> {
  const imports = [importFunc(module, field, IO)]
  return wasm({ ...GOOD, imports, exports: [exportMemory(), exportFunc('run', 1)] })
}

/** The part that has to read the module to see that it is bad. */
export type Found = 'header' | 'compiling' | 'imports' | 'exports' | 'memory' | 'starting'

export interface BadInput {
  bytes: Uint8Array<ArrayBuffer>
  found: Found
  /** Why it is refused, for readers of the test. */
  reason: string
  /** What the refusal has to name. */
  names?: string
}

const inputs = {
  empty: { bytes: new Uint8Array(), found: 'header', reason: 'an empty file' },
  text: { bytes: new TextEncoder().encode('# Notes\nnot a module\n'), found: 'header', reason: 'not WebAssembly' },
  component: {
    bytes: Uint8Array.from([...MAGIC, 0x0d, 0x00, 0x01, 0x00]),
    found: 'header',
    reason: 'a component, not a core module',
    names: 'component',
  },
  truncated: { bytes: good.slice(0, -2), found: 'compiling', reason: 'its last section ends early' },
  invalidBody: {
    // A function with no result that leaves one on the stack (i32.const 0).
    bytes: wasm({ ...GOOD, funcs: [{ type: NOTHING, body: body(0x41, 0x00) }] }),
    found: 'compiling',
    reason: 'a body that does not validate',
  },
  unknownImport: {
    bytes: importing('env', 'frobnicate'),
    found: 'imports',
    reason: 'an import nobody provides',
    names: 'env.frobnicate',
  },
  unknownWasi: {
    bytes: importing('wasi_snapshot_preview1', 'sock_open'),
    found: 'imports',
    reason: 'a function of some runtimes, not of WASI preview 1',
    names: 'wasi_snapshot_preview1.sock_open',
  },
  oldWasi: {
    bytes: importing('wasi_unstable', 'fd_write'),
    found: 'imports',
    reason: 'WASI preview 0',
    names: 'wasi_unstable',
  },
  importedMemory: {
    bytes: wasm({ ...GOOD, memories: [], imports: [importMemory('env', 'memory', memory32(1))] }),
    found: 'imports',
    reason: 'an actor brings its own memory',
    names: 'env.memory',
  },
  onlyMemory: {
    bytes: wasm({ ...GOOD, funcs: [], exports: [exportMemory()] }),
    found: 'exports',
    reason: 'it exports no function',
  },
  onlyOtherTypes: {
    bytes: wasm({
      ...GOOD,
      funcs: [
        { type: TAKES_I32, body: body() },
        { type: RETURNS_I64, body: body(UNREACHABLE) },
      ],
      exports: [exportMemory(), exportFunc('takes', 0), exportFunc('returns', 1)],
    }),
    found: 'exports',
    reason: 'a method takes nothing and returns nothing or an i32',
  },
  onlyPrivate: {
    bytes: wasm({ ...GOOD, exports: [exportMemory(), exportFunc('_private', 0), exportFunc('_initialize', 0)] }),
    found: 'exports',
    reason: 'names that start with _ are not methods',
  },
  hugeMemory: {
    bytes: wasm({ ...GOOD, memories: [memory32(PAGES_OF_256_MIB + 1)] }),
    found: 'memory',
    reason: 'it starts with 64 KiB more than the default cap of 256 MiB',
    names: '256 MiB',
  },
  memory64: {
    // Current browsers compile it, and Node 20 does not. Only a check of the memory section refuses it everywhere.
    bytes: wasm({ ...GOOD, memories: [memory64(1)] }),
    found: 'memory',
    reason: 'WASI preview 1 has 32-bit addresses',
  },
  startTraps: {
    bytes: wasm({ ...GOOD, funcs: [EMPTY, TRAPS], start: 1 }),
    found: 'starting',
    reason: 'its start function traps',
  },
  initializeTraps: {
    bytes: wasm({ ...GOOD, funcs: [EMPTY, TRAPS], exports: [...GOOD.exports, exportFunc('_initialize', 1)] }),
    found: 'starting',
    reason: '_initialize traps',
  },
} satisfies Record<string, BadInput>

export type BadName = keyof typeof inputs

export const bad: Readonly<Record<BadName, BadInput>> = inputs
