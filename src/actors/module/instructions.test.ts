import { describe, expect, test } from 'vitest'
import { leb } from '../../../e2e/guests/wasm.ts'
import { countBlocks } from './instructions.ts'

const END = 0x0b
const EMPTY = 0x40
/** Bytes that begin blocks where they are opcodes. */
const LOOKALIKES = [0x02, 0x03, 0x04, 0x06, 0x1f]
/** A number of five bytes. Each looks like the start of a block, apart from the flag that more bytes follow. */
const LONG_NUMBER = [0x82, 0x83, 0x84, 0x86, 0x03]

/** Instructions that begin no block, as full of lookalikes as possible. */
const BLOCKLESS: Record<string, readonly number[]> = {
  'i32.const': LOOKALIKES.flatMap((value) => [0x41, value, 0x1a]),
  'i64.const': [0x42, ...LONG_NUMBER, 0x1a],
  'f32.const': [0x43, 0x02, 0x03, 0x04, 0x06, 0x1a],
  'f64.const': [0x44, 0x02, 0x03, 0x04, 0x06, 0x1f, 0x02, 0x03, 0x04, 0x1a],
  'v128.const': [0xfd, 12, ...LOOKALIKES, ...LOOKALIKES, ...LOOKALIKES, 0x02, 0x1a],
  'i8x16.shuffle': [0xfd, 13, ...LOOKALIKES, ...LOOKALIKES, ...LOOKALIKES, 0x02, 0x1a],
  'lanes of vectors': [0xfd, 21, 0x03, 0xfd, 34, 0x02, 0xfd, 84, 0x02, 0x03, 0x04],
  'relaxed vectors': [0xfd, ...leb(0x113), 0xfd, ...leb(0x100)],
  'local.get': LOOKALIKES.flatMap((index) => [0x20, index]),
  'global.set': [0x24, ...LONG_NUMBER],
  'memory accesses': [0x28, 0x02, 0x03, 0x36, 0x02, ...LONG_NUMBER],
  'memory accesses with an index': [0x28, 0x42, 0x03, 0x04],
  br_table: [0x0e, ...leb(300), ...Array.from({ length: 301 }, (_, i) => LOOKALIKES[i % 5] ?? 0)],
  'calls by reference to tables': [0x11, 0x02, 0x03, 0x13, 0x04, 0x06],
  'select of types': [0x1c, 0x02, 0x63, 0x03, 0x7f],
  'bulk memory and tables': [0xfc, 8, 0x02, 0x03, 0xfc, 10, 0x02, 0x03, 0xfc, 14, 0x04, 0x06, 0xfc, 15, 0x1f],
  'saturating conversions': [0xfc, 2, 0xfc, 3, 0xfc, 4, 0xfc, 6],
  atomics: [0xfe, 0x02, 0x02, 0x03, 0xfe, 0x03, 0x00, 0xfe, 0x1f, 0x02, 0x04],
  references: [0xd0, 0x03, 0xd2, 0x04, 0xd5, 0x02, 0x25, 0x06],
  'throw and catch': [0x08, 0x02, 0x09, 0x03, 0x07, 0x04, 0x18, 0x06],
  'wide arithmetic': [0xfc, 19, 0xfc, 22],
}

test.each(Object.entries(BLOCKLESS))('%s begins no block, and is read to its end', (_, code) => {
  // The block behind is seen only if everything before was read in step.
  expect(countBlocks(Uint8Array.from([...code, 0x02, EMPTY, END, END]))).toBe(1)
})

describe('blocks', () => {
  test.each<[string, readonly number[], number]>([
    ['block, loop and if', [0x02, EMPTY, 0x03, 0x7f, 0x04, 0x7e, 0x05, END, END, END], 3],
    ['of a type by its index', [0x02, ...leb(300), END], 1],
    ['of a reference', [0x02, 0x63, 0x03, END, 0x02, 0x64, 0x04, END], 2],
    ['try, as it was', [0x06, EMPTY, 0x07, 0x02, 0x19, END], 1],
    ['try_table', [0x1f, EMPTY, 0x04, 0x00, 0x02, 0x03, 0x01, 0x04, 0x06, 0x02, 0x03, 0x03, 0x02, END], 1],
  ])('are counted: %s', (_, code, blocks) => {
    expect(countBlocks(Uint8Array.from([...code, END]))).toBe(blocks)
  })

  test('behind an instruction that is not known, all that could be one is', () => {
    expect(countBlocks(Uint8Array.from([0x41, 0x02, 0xff, ...LOOKALIKES]))).toBe(5)
  })

  test('of code that is cut off in the middle are counted as far as it goes', () => {
    expect(countBlocks(Uint8Array.from([0x02, EMPTY, 0x0e, ...leb(4_000_000_000)]))).toBe(1)
    expect(countBlocks(Uint8Array.from([0x02]))).toBe(1)
  })
})

test('code of 32 MB takes time in proportion', () => {
  const part = [0x41, ...LONG_NUMBER, 0x1a, 0x20, 0x02, 0x1a]
  const code = new Uint8Array(32 * 1024 * 1024).fill(0x01)
  for (let at = 0; at + part.length < code.length; at += part.length) code.set(part, at)
  expect(countBlocks(code)).toBe(0)
})
