import { describe, expect, test } from 'vitest'
import { good } from '../../e2e/guests/bad.ts'
import { guest } from '../../e2e/guests/guests.ts'
import {
  body,
  type Bytes,
  exportFunc,
  exportMemory,
  funcType,
  I32,
  memory32,
  memory64,
  wasm,
} from '../../e2e/guests/wasm.ts'
import { capMemory, PAGE_BYTES } from './cap-memory.ts'
import { readSections } from './module-sections.ts'

/** A module with these memories, whose `grow` asks for one page more and returns the pages before, or -1. */
function growing(...memories: Bytes[]): Uint8Array<ArrayBuffer> {
  return wasm({
    types: [funcType([], [I32])],
    funcs: [{ type: 0, body: body(0x41, 0x01, 0x40, 0x00) }],
    memories,
    exports: [exportMemory(), exportFunc('grow', 0)],
  })
}

/** How many pages it gets before it is refused, with the cap in pages; at most 10. */
function pagesOf(bytes: Uint8Array<ArrayBuffer>, cap: number): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(capMemory(bytes, cap * PAGE_BYTES)))
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
  const { memories } = readSections(capMemory(growing(memory32(1)), 3 * PAGE_BYTES + 65_535))
  expect(memories).toEqual([{ initialPages: 1, maximumPages: 3, is64Bit: false }])
})

test('a cap of four gigabytes is one too', () => {
  const { memories } = readSections(capMemory(growing(memory32(1)), 2 ** 32))
  expect(memories).toEqual([{ initialPages: 1, maximumPages: 65_536, is64Bit: false }])
})

test('all else of a compiler’s module stays as it is', async () => {
  const bytes = await guest('trouble')
  const capped = capMemory(bytes, 4096 * PAGE_BYTES)
  const { memories: before, ...others } = readSections(bytes)
  const { memories: after, ...othersAfter } = readSections(capped)
  expect(othersAfter).toEqual(others)
  expect(before[0]?.maximumPages).toBeUndefined()
  expect(after[0]?.maximumPages).toBe(4096)
  expect(() => new WebAssembly.Module(capped)).not.toThrow()
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
    expect(capMemory(bytes, 3 * PAGE_BYTES)).toBe(bytes)
  })

  test('a module that is cut off anywhere, or has its cap by then', () => {
    for (let length = 0; length < good.length; length++) {
      const cut = good.slice(0, length)
      expect(() => capMemory(cut, PAGE_BYTES)).not.toThrow()
    }
  })
})
