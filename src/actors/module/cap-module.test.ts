import { describe, expect, test } from 'vitest'
import { good } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import {
  body,
  type Bytes,
  exportFunc,
  exportMemory,
  exportTable,
  FUNCREF,
  funcType,
  I32,
  leb,
  memory32,
  memory64,
  table,
  wasm,
} from '../../../e2e/guests/wasm.ts'
import { PAGE_BYTES } from './cap-memory.ts'
import { capModule } from './cap-module.ts'
import { MAX_GROWN_ELEMENTS, MAX_TABLE_ELEMENTS, mostElements } from './cap-tables.ts'
import { readSections } from './module-sections.ts'

/** A module with these memories. `grow` asks for one more page and returns the pages before, or -1. */
function growing(...memories: Bytes[]): Uint8Array<ArrayBuffer> {
  return wasm({
    types: [funcType([], [I32])],
    funcs: [{ type: 0, body: body(0x41, 0x01, 0x40, 0x00) }],
    memories,
    exports: [exportMemory(), exportFunc('grow', 0)],
  })
}

/** Pages that the module gets before it is refused, with the cap in pages; at most 10. */
function pagesOf(bytes: Uint8Array<ArrayBuffer>, cap: number): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(capModule(bytes, cap * PAGE_BYTES)))
  const grow = exports['grow'] as () => number
  while (grow() >= 0 && pages(exports) < 10);
  return pages(exports)
}

function pages(exports: WebAssembly.Exports): number {
  return (exports['memory'] as WebAssembly.Memory).buffer.byteLength / PAGE_BYTES
}

/** A memory with a maximum. */
const memoryUpTo = (initial: number, maximum: number): Bytes => [0x01, initial, maximum]

test.each([
  ['no maximum', memory32(1), 3, 3],
  ['a maximum above the cap', memoryUpTo(1, 9), 3, 3],
  ['a maximum below it', memoryUpTo(1, 2), 3, 2],
  ['all of the cap at its start', memory32(3), 3, 3],
])('a memory with %s grows to the cap or its maximum, and no further', (_, memory, cap, grown) => {
  expect(pagesOf(growing(memory), cap)).toBe(grown)
})

test('a part of a page does not count', () => {
  const { memories } = readSections(capModule(growing(memory32(1)), 3 * PAGE_BYTES + 65_535))
  expect(memories).toEqual([{ initialPages: 1, maximumPages: 3, is64Bit: false }])
})

test('a cap of four gigabytes is one too', () => {
  const { memories } = readSections(capModule(growing(memory32(1)), 2 ** 32))
  expect(memories).toEqual([{ initialPages: 1, maximumPages: 65_536, is64Bit: false }])
})

test('all else of a compiler’s module stays as it is', async () => {
  const bytes = await guest('trouble')
  const capped = capModule(bytes, 4096 * PAGE_BYTES)
  const { memories: before, ...others } = readSections(bytes)
  const { memories: after, ...othersAfter } = readSections(capped)
  expect(othersAfter).toEqual(others)
  expect(before[0]?.maximumPages).toBeUndefined()
  expect(after[0]?.maximumPages).toBe(4096)
  expect(() => new WebAssembly.Module(capped)).not.toThrow()
})

describe('tables', () => {
  /**
   * A module with these tables. Its functions ask for `more` elements in one table each and return the elements before,
   * or -1.
   */
  function growingTables(tables: readonly Bytes[], more: number): Uint8Array<ArrayBuffer> {
    const grow = (index: number): Bytes => body(0xd0, FUNCREF, 0x41, ...leb(more), 0xfc, 0x0f, index)
    return wasm({
      types: [funcType([], [I32])],
      funcs: tables.map((_, i) => ({ type: 0, body: grow(i) })),
      tables,
      exports: tables.flatMap((_, i) => [exportFunc(`grow${i}`, i), exportTable(`table${i}`, i)]),
    })
  }

  /** Lengths of the tables when none gets more. */
  function lengthsOf(bytes: Uint8Array<ArrayBuffer>): number[] {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(capModule(bytes, 0)))
    const lengths: number[] = []
    for (let i = 0; exports[`table${i}`]; i++) {
      const grow = exports[`grow${i}`] as () => number
      while (grow() >= 0);
      lengths.push((exports[`table${i}`] as WebAssembly.Table).length)
    }
    return lengths
  }

  test.each([
    ['one without a maximum', [table(0)], [MAX_GROWN_ELEMENTS]],
    ['one with a maximum above it', [table(0, 10_000_000)], [MAX_GROWN_ELEMENTS]],
    ['one with a maximum below it', [table(102_400, 204_800)], [204_800]],
    ['several, which share it', [table(102_400), table(0), table(0, 10_240)], [155_648, 53_248, 10_240]],
    ['one that has all at its start', [table(MAX_TABLE_ELEMENTS), table(0)], [MAX_TABLE_ELEMENTS, 0]],
  ])('%s grow to the most there may be, and no further', (_, tables, lengths) => {
    expect(lengthsOf(growingTables(tables, 1024))).toEqual(lengths)
  })

  test('that ask for more at their start stay as they are', () => {
    const bytes = growingTables([table(MAX_TABLE_ELEMENTS), table(1)], 1)
    expect(capModule(bytes, 0)).toBe(bytes)
  })

  test('and a memory are limited together, with all else as it was', async () => {
    const bytes = await guest('greedy')
    const { tables, memories, ...others } = readSections(capModule(bytes, 4096 * PAGE_BYTES))
    expect(readSections(bytes)).toMatchObject(others)
    expect(memories[0]?.maximumPages).toBe(4096)
    expect(tables.map(({ maximum }) => maximum)).not.toContain(undefined)
  })

  test('with 64-bit indices are limited too', () => {
    const wide = wasm({ tables: [[FUNCREF, 0x04, 1]] })
    expect(readSections(capModule(wide, 0)).tables).toEqual([
      { type: [FUNCREF], flags: 0x05, initial: 1, maximum: MAX_GROWN_ELEMENTS },
    ])
  })

  test.each([
    ['with values at their start', [[0x40, 0x00, FUNCREF, 0x00, 1, 0xd0, FUNCREF, 0x0b]]],
    ['for threads', [[FUNCREF, 0x03, 1, 2]]],
  ])('%s stay as they are', (_, tables) => {
    const bytes = wasm({ tables })
    expect(capModule(bytes, 0)).toBe(bytes)
    expect(mostElements(readSections(bytes).tables)).toBe(tables[0]?.[0] === FUNCREF ? 2 : Infinity)
  })
})

describe('what comes back as it is', () => {
  test.each([
    ['a memory that keeps to the cap by itself', growing(memoryUpTo(1, 2))],
    ['one that starts above it', growing(memory32(5))],
    ['a 64-bit memory', growing(memory64(1))],
    ['several memories', growing(memory32(1), memory32(1))],
    [
      'no memory',
      wasm({ types: [funcType([], [])], funcs: [{ type: 0, body: body() }], exports: [exportFunc('run', 0)] }),
    ],
    ['what is no module', new TextEncoder().encode('not a module at all')],
  ])('%s', (_, bytes) => {
    expect(capModule(bytes, 3 * PAGE_BYTES)).toBe(bytes)
  })

  test('a module that is cut off anywhere, or has its cap by then', () => {
    for (let length = 0; length < good.length; length++) {
      const cut = good.slice(0, length)
      expect(() => capModule(cut, PAGE_BYTES)).not.toThrow()
    }
  })
})
