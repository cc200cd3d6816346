// Assembles small WebAssembly modules byte by byte, for tests that need modules that no compiler makes.
// https://webassembly.github.io/spec/core/binary/index.html

export type Bytes = readonly number[]

export const MAGIC: Bytes = [0x00, 0x61, 0x73, 0x6d]
const VERSION: Bytes = [0x01, 0x00, 0x00, 0x00]

export const I32 = 0x7f
export const I64 = 0x7e
export const UNREACHABLE = 0x00
export const FUNCREF = 0x70
const END = 0x0b
const FUNC_TYPE = 0x60

const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  tag: 13,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
} as const
const KIND = { func: 0, table: 1, memory: 2, global: 3 } as const

/** Unsigned LEB128. */
export function leb(value: number): Bytes {
  const low = value % 0x80
  return value < 0x80 ? [low] : [low | 0x80, ...leb(Math.floor(value / 0x80))]
}

export function vector(items: readonly Bytes[]): Bytes {
  return [...leb(items.length), ...items.flat()]
}

function name(text: string): Bytes {
  const utf8 = new TextEncoder().encode(text)
  return [...leb(utf8.length), ...utf8]
}

function section(id: keyof typeof SECTION, content: Bytes): Bytes {
  return [SECTION[id], ...leb(content.length), ...content]
}

export function funcType(params: Bytes, results: Bytes): Bytes {
  return [FUNC_TYPE, ...leb(params.length), ...params, ...leb(results.length), ...results]
}

export function importFunc(module: string, field: string, type: number): Bytes {
  return [...name(module), ...name(field), KIND.func, ...leb(type)]
}

/** A global that does not change. */
export function importGlobal(module: string, field: string): Bytes {
  return [...name(module), ...name(field), KIND.global, I32, 0x00]
}

export function importMemory(module: string, field: string, memory: Bytes): Bytes {
  return [...name(module), ...name(field), KIND.memory, ...memory]
}

export function exportFunc(field: string, func: number): Bytes {
  return [...name(field), KIND.func, ...leb(func)]
}

export function exportMemory(field = 'memory'): Bytes {
  return [...name(field), KIND.memory, 0]
}

export function exportTable(field: string, index: number): Bytes {
  return [...name(field), KIND.table, ...leb(index)]
}

/** A memory without a maximum. */
export function memory32(pages: number): Bytes {
  return [0x00, ...leb(pages)]
}

/** A memory with 64-bit addresses (memory64), without a maximum. */
export function memory64(pages: number): Bytes {
  return [0x04, ...leb(pages)]
}

/** A table of functions. */
export function table(initial: number, maximum?: number): Bytes {
  const limits = maximum === undefined ? [0x00, ...leb(initial)] : [0x01, ...leb(initial), ...leb(maximum)]
  return [FUNCREF, ...limits]
}

/** A function body without locals. */
export function body(...instructions: Bytes): Bytes {
  const content = [0, ...instructions, END]
  return [...leb(content.length), ...content]
}

/** A function the module defines: the index of its type, and its body. */
export interface Func {
  type: number
  body: Bytes
}

export interface ModuleInit {
  types?: readonly Bytes[]
  imports?: readonly Bytes[]
  funcs?: readonly Func[]
  tables?: readonly Bytes[]
  memories?: readonly Bytes[]
  tags?: readonly Bytes[]
  globals?: readonly Bytes[]
  exports?: readonly Bytes[]
  /** Index of the function in the start section. */
  start?: number
}

/** A module with all sections that are not empty. Indexes count imported functions first. */
export function wasm(init: ModuleInit): Uint8Array<ArrayBuffer> {
  const { types = [], imports = [], funcs = [], tables = [], memories = [], exports = [], start } = init
  const { tags = [], globals = [] } = init
  const list = (id: keyof typeof SECTION, items: readonly Bytes[]): Bytes =>
    items.length === 0 ? [] : section(id, vector(items))
  return Uint8Array.from([
    ...MAGIC,
    ...VERSION,
    ...list('type', types),
    ...list('import', imports),
    ...list(
      'function',
      funcs.map((func) => leb(func.type)),
    ),
    ...list('table', tables),
    ...list('memory', memories),
    ...list('tag', tags),
    ...list('global', globals),
    ...list('export', exports),
    ...(start === undefined ? [] : section('start', leb(start))),
    ...list(
      'code',
      funcs.map((func) => func.body),
    ),
  ])
}

/** An actor with methods of these names. They do nothing. */
export function withMethods(...names: readonly string[]): Uint8Array<ArrayBuffer> {
  return wasm({
    types: [funcType([], [])],
    funcs: [{ type: 0, body: body() }],
    memories: [memory32(1)],
    exports: [exportMemory(), ...names.map((each) => exportFunc(each, 0))],
  })
}
