// Valid modules that were made to take all memory of the tab. Each did, before it was capped or refused.
import {
  body,
  type Bytes,
  exportFunc,
  funcType,
  I32,
  I64,
  importFunc,
  leb,
  memory32,
  exportMemory,
  table,
  wasm,
} from './wasm.ts'

const HUGE_TABLE = 10_000_000

const EMPTY = { type: 0, body: body() }
const RUN = exportFunc('run', 0)
const TYPES = [funcType([], [])]

const LOOP = 0x03
const NO_VALUE = 0x40
const BR = 0x0c
const END = 0x0b
const EXNREF = 0x69
const BLOCK = 0x02

/** One function with nested blocks, which begin with the given instruction, and with so many locals. */
export function nested(begin: number, blocks: number, locals: number): Uint8Array<ArrayBuffer> {
  const code = Array.from({ length: blocks }, () => [begin, NO_VALUE]).flat()
  const ends = Array.from({ length: blocks }, () => END)
  const content = [1, ...leb(locals), I64, ...code, ...ends, END]
  return wasm({ types: TYPES, funcs: [{ type: 0, body: [...leb(content.length), ...content] }], exports: [RUN] })
}

/** Asks for ten million elements in each of sixteen tables. */
function growingTables(): Uint8Array<ArrayBuffer> {
  const tables = Array.from({ length: 16 }, () => table(0))
  const grow = tables.flatMap((_, i) => [0xd0, 0x70, 0x41, ...leb(HUGE_TABLE / 10), 0xfc, 0x0f, i, 0x1a])
  const code = body(LOOP, NO_VALUE, ...grow, BR, 0, END)
  return wasm({ types: TYPES, funcs: [{ type: 0, body: code }], tables, exports: [RUN] })
}

/** Makes a list of arrays for ever, each with the one before. Types: a function, an array of i64, a node. */
function objects(): Uint8Array<ArrayBuffer> {
  const array = [0x5e, I64, 1]
  const node = [0x5f, 2, 0x63, 2, 1, 0x64, 1, 0]
  const list = [0x63, 2, 1, 0xd0, 2, END]
  const next = [0x23, 0, 0x41, ...leb(32), 0xfb, 7, 1, 0xfb, 0, 2, 0x24, 0]
  const code = body(LOOP, NO_VALUE, ...next, BR, 0, END)
  return wasm({
    types: [...TYPES, array, node],
    funcs: [{ type: 0, body: code }],
    globals: [list],
    exports: [RUN],
  })
}

/** Throws for ever: each exception has the one before and some numbers. */
function exceptions(numbers: number): Uint8Array<ArrayBuffer> {
  const values = Array.from({ length: numbers }, () => [0x42, 1]).flat()
  const thrown = [0x23, 0, ...values, 0x08, 0]
  const caught = [BLOCK, EXNREF, 0x1f, NO_VALUE, 1, 3, 0, ...thrown, END, 0x00, END, 0x24, 0]
  const code = body(LOOP, NO_VALUE, ...caught, BR, 0, END)
  const carries: Bytes = [EXNREF, ...Array.from({ length: numbers }, () => I64)]
  return wasm({
    types: [...TYPES, funcType(carries, [])],
    funcs: [{ type: 0, body: code }],
    tags: [[0x00, 1]],
    globals: [[EXNREF, 1, 0xd0, EXNREF, END]],
    exports: [RUN],
  })
}

const IO = funcType([I32, I32, I32, I32], [I32])

/** Writes a line of one byte to a descriptor, for ever. The buffer is at 8: one byte at 16, where there is a 0. */
export function writer(fd: number): Uint8Array<ArrayBuffer> {
  const store = (at: number, value: number): Bytes => [0x41, ...leb(at), 0x41, value, 0x36, 2, 0]
  const write = [0x41, fd, 0x41, 8, 0x41, 1, 0x41, 0, 0x10, 0, 0x1a]
  const code = body(...store(8, 16), ...store(12, 1), ...store(16, 10), LOOP, NO_VALUE, ...write, BR, 0, END)
  return wasm({
    types: [...TYPES, IO],
    imports: [importFunc('wasi_snapshot_preview1', 'fd_write', 1)],
    funcs: [{ type: 0, body: code }],
    memories: [memory32(1)],
    exports: [exportMemory(), exportFunc('run', 1)],
  })
}

/** Modules that are refused when they are spawned, and what the refusal names. */
export const refused: Readonly<Record<string, { bytes: Uint8Array<ArrayBuffer>; names: RegExp }>> = {
  'tables of ten million elements': {
    bytes: wasm({
      types: TYPES,
      funcs: [EMPTY],
      tables: Array.from({ length: 16 }, () => table(HUGE_TABLE)),
      exports: [RUN],
    }),
    names: /160,000,000 elements in its tables/,
  },
  'objects of the garbage collector': { bytes: objects(), names: /WebAssembly GC/ },
  'exceptions that carry one another': { bytes: exceptions(3), names: /exceptions that carry/ },
  'nested loops over thousands of variables': {
    bytes: nested(LOOP, 10_000, 8000),
    names: /so many blocks and variables/,
  },
  'more methods than anybody could list': {
    bytes: wasm({
      types: TYPES,
      funcs: [EMPTY],
      exports: Array.from({ length: 50_000 }, (_, i) => exportFunc(`m${i}`, 0)),
    }),
    names: /50,000 methods/,
  },
}

/** It runs, and gets no more than its share. */
export const growing = growingTables()
