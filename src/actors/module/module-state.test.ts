import { describe, expect, test } from 'vitest'
import { guest, GUEST_NAMES } from '../../../e2e/guests/guests.ts'
import { cGuest } from '../../../e2e/guests/c-guest.ts'
import { goGuest } from '../../../e2e/guests/go-guest.ts'
import { rustKeeper } from '../../../e2e/guests/rust-guest.ts'
import {
  body,
  type Bytes,
  exportFunc,
  exportMemory,
  exportTable,
  FUNCREF,
  funcType,
  I32,
  I64,
  type ModuleInit,
  memory32,
  table,
  wasm,
} from '../../../e2e/guests/wasm.ts'
import { capModule } from './cap-module.ts'
import type { RewriteSection } from './rewrite-sections.ts'
import { globalName, isTakeable, MEMORY_NAME, START_NAME, stateOf } from './module-state.ts'

const F32 = 0x7d
const F64 = 0x7c
const V128 = 0x7b
const MUTABLE = 1

function rewritten(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
  const { rewrite } = stateOf(bytes)
  const module = new WebAssembly.Module(capModule(bytes, 2 ** 32, rewrite))
  return new WebAssembly.Instance(module).exports
}

function why(bytes: Uint8Array): string | undefined {
  const { state } = stateOf(bytes)
  return isTakeable(state) ? undefined : state.why
}

const i32 = (value: number): Bytes => [0x41, value, 0x0b]

/** A module with one function of type () -> (). */
const withCode = (code: Bytes, more: ModuleInit = {}): Uint8Array<ArrayBuffer> =>
  wasm({
    types: [funcType([], [])],
    funcs: [{ type: 0, body: body(...code) }],
    exports: [exportFunc('run', 0)],
    ...more,
  })

describe('the rewritten module', () => {
  const counter = wasm({
    types: [funcType([], []), funcType([], [I32])],
    funcs: [
      // The start function adds 5, run adds 1, get gives the sum.
      { type: 0, body: body(0x23, 1, 0x41, 5, 0x6a, 0x24, 1) },
      { type: 0, body: body(0x23, 1, 0x41, 1, 0x6a, 0x24, 1) },
      { type: 1, body: body(0x23, 1) },
    ],
    memories: [memory32(1)],
    globals: [
      [I32, 0, ...i32(7)],
      [I32, MUTABLE, ...i32(2)],
      [I64, MUTABLE, 0x42, 3, 0x0b],
      [F32, MUTABLE, 0x43, 0, 0, 0x80, 0x3f, 0x0b],
      [F64, MUTABLE, 0x44, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x0b],
      [I32, MUTABLE, ...i32(7)],
    ],
    exports: [exportFunc('run', 1), exportFunc('get', 2)],
    start: 0,
  })

  test('gives its memory and its mutable globals, and takes them back', () => {
    const exports = rewritten(counter)
    expect(stateOf(counter).state).toEqual({
      globals: [
        { index: 1, type: 'i32' },
        { index: 2, type: 'i64' },
        { index: 3, type: 'f32' },
        { index: 4, type: 'f64' },
        { index: 5, type: 'i32' },
      ],
      hasMemory: true,
      hasStart: true,
    })
    expect(exports[MEMORY_NAME]).toBeInstanceOf(WebAssembly.Memory)
    const values = [1, 2, 3, 4, 5].map((index) => (exports[globalName(index)] as WebAssembly.Global).value as unknown)
    expect(values).toEqual([2, 3n, 1, 2, 7])
    const sum = exports[globalName(1)] as WebAssembly.Global
    sum.value = 40
    ;(exports['run'] as () => void)()
    expect((exports['get'] as () => number)()).toBe(41)
  })

  test('does not run its start function by itself', () => {
    const exports = rewritten(counter)
    const get = exports['get'] as () => number
    expect(get()).toBe(2)
    ;(exports[START_NAME] as () => void)()
    expect(get()).toBe(7)
  })

  test.each([...GUEST_NAMES])('compiles, with its own imports and exports: %s', async (name) => {
    const bytes = await guest(name)
    expect(await interfaceOf(bytes, stateOf(bytes).rewrite)).toEqual(await interfaceOf(bytes))
  })

  test('compiles in C, Rust and Go', async () => {
    const all = [await cGuest('keeper'), await rustKeeper(), await goGuest()]
    for (const bytes of all) {
      if (!bytes) continue
      const copy = bytes.slice()
      expect(why(copy)).toBeUndefined()
      expect(await interfaceOf(copy, stateOf(copy).rewrite)).toEqual(await interfaceOf(copy))
    }
  }, 120_000)

  /** Imports, and exports other than ours. */
  async function interfaceOf(bytes: Uint8Array<ArrayBuffer>, rewrite?: RewriteSection) {
    const module = await WebAssembly.compile(capModule(bytes, 2 ** 32, rewrite))
    const exports = WebAssembly.Module.exports(module).filter(({ name }) => !name.startsWith('_glia:'))
    return { imports: WebAssembly.Module.imports(module), exports }
  }
})

describe('a module whose state is more than its memory and numbers is told apart', () => {
  const tables = [table(2), table(2)]
  const nothing = [0xd0, FUNCREF]
  const TABLES = 'it changes its tables of functions while it runs'
  test.each<[string, Uint8Array, string]>([
    ['table.set', withCode([0x41, 0, ...nothing, 0x26, 0], { tables }), TABLES],
    ['table.grow', withCode([...nothing, 0x41, 1, 0xfc, 15, 0, 0x1a], { tables }), TABLES],
    ['table.fill', withCode([0x41, 0, ...nothing, 0x41, 1, 0xfc, 17, 0], { tables }), TABLES],
    ['table.copy', withCode([0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 14, 1, 0], { tables }), TABLES],
    ['table.init', withCode([0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 12, 0, 0], { tables }), TABLES],
    ['table.set with a long number', withCode([0x41, 0, ...nothing, 0x26, 0x80, 0], { tables }), TABLES],
    ['elem.drop', withCode([0xfc, 13, 0], { tables }), TABLES],
    ['table.fill with a long number', withCode([0x41, 0, ...nothing, 0x41, 1, 0xfc, 0x91, 0, 0], { tables }), TABLES],
    ['data.drop', withCode([0xfc, 9, 0]), 'it drops parts of its data while it runs'],
    ['an unknown instruction', withCode([0xfc, 0x7f]), 'it is built with instructions that Glia does not know'],
    [
      'a vector as a variable',
      withCode([], { globals: [[V128, MUTABLE, 0xfd, 12, ...Array<number>(16).fill(0), 0x0b]] }),
      'it has a variable that is no number, which Glia cannot read',
    ],
    [
      'a function as a variable',
      withCode([], { globals: [[FUNCREF, MUTABLE, ...nothing, 0x0b]] }),
      'it has a variable that is no number, which Glia cannot read',
    ],
    [
      'too many variables',
      withCode([], { globals: Array.from({ length: 5000 }, () => [I32, MUTABLE, ...i32(0)]) }),
      'it has 5000 variables outside of its memory, and Glia takes up to 4096',
    ],
    [
      'a name of ours',
      withCode([], { exports: [exportFunc('run', 0), exportFunc(START_NAME, 0)] }),
      'it exports a name that begins with _glia:',
    ],
    [
      'a command',
      withCode([], { exports: [exportFunc('_start', 0)] }),
      'it is a command: each message gets a fresh instance',
    ],
    ['a module that is cut off', withCode([]).subarray(0, 20), 'it is built with instructions that Glia does not know'],
  ])('%s', (_, bytes, words) => {
    expect(why(bytes)).toBe(words)
    expect(stateOf(bytes).rewrite).toBeUndefined()
  })

  test.each<[string, Uint8Array]>([
    ['bytes of such instructions as numbers', withCode([0x41, 0x26, 0x1a, 0x42, 0x26, 0x1a, 0x41, 0xfc, 0x0c, 0x1a])],
    [
      'an exported table that no code changes',
      withCode([], { tables: [table(2)], exports: [exportFunc('run', 0), exportTable('t', 0)] }),
    ],
    [
      'memory.copy and memory.fill',
      withCode([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 0, 0], {
        memories: [memory32(1)],
        exports: [exportMemory(), exportFunc('run', 0)],
      }),
    ],
    [
      'a vector that does not change',
      withCode([], { globals: [[V128, 0, 0xfd, 12, ...Array<number>(16).fill(0x0b), 0x0b]] }),
    ],
  ])('but not for %s', (_, bytes) => {
    expect(why(bytes)).toBeUndefined()
  })
})
