import { expect, test } from 'vitest'
import { UNIT_BYTES } from '../../../src/actors/snapshot/snapshot.ts'
import { Unit, UnitMarks } from './unit-marks.ts'

const PAGES = 2
const UNITS = (PAGES * 65_536) / UNIT_BYTES

test('a change of any one bit of a unit is told, and of no other unit', () => {
  const memory = new WebAssembly.Memory({ initial: PAGES })
  const bytes = new Uint8Array(memory.buffer)
  for (let i = 0; i < bytes.length; i += 7) bytes[i] = i
  const marks = new UnitMarks(memory)
  expect([...marks.compare()]).toEqual(Array(UNITS).fill(Unit.changed))
  expect([...marks.compare()]).toEqual(Array(UNITS).fill(Unit.same))
  for (let unit = 0; unit < UNITS; unit++) {
    // Its first byte, its last one, and some between, each of them in another lane.
    for (const at of [0, 5, 4_098, 8_203, UNIT_BYTES - 1]) {
      for (const bit of [1, 128]) {
        const place = unit * UNIT_BYTES + at
        bytes[place] = (bytes[place] ?? 0) ^ bit
        const expected: Unit[] = Array(UNITS).fill(Unit.same)
        expected[unit] = Unit.changed
        expect([...marks.compare()]).toEqual(expected)
      }
    }
  }
})

test('words that change places are told', () => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const words = new Int32Array(memory.buffer)
  words.set([1, 2, 3, 4, 5])
  const marks = new UnitMarks(memory)
  marks.compare()
  words.set([5, 2, 3, 4, 1])
  expect(marks.compare()[0]).toBe(Unit.changed)
})

test('units of zeros are told as such, a memory may grow, and what was forgotten counts as changed', () => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const marks = new UnitMarks(memory)
  expect([...marks.compare()]).toEqual(Array(UNITS / PAGES).fill(Unit.zeros))
  memory.grow(1)
  const bytes = new Uint8Array(memory.buffer)
  bytes[65_536] = 1
  expect(marks.compare()[UNITS / PAGES]).toBe(Unit.changed)
  expect(marks.compare()[UNITS / PAGES]).toBe(Unit.same)
  marks.clear()
  expect(marks.compare()[UNITS / PAGES]).toBe(Unit.changed)
  bytes[65_536] = 0
  expect(marks.compare()[UNITS / PAGES]).toBe(Unit.zeros)
})

test('a guest without a memory has no units', () => {
  expect(new UnitMarks(undefined).compare()).toHaveLength(0)
})
