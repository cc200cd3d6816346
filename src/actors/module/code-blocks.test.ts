import { expect, test } from 'vitest'
import { nested } from '../../../e2e/guests/hostile.ts'
import { exportFunc, funcType, I64, leb, wasm } from '../../../e2e/guests/wasm.ts'
import { BinaryReader } from './binary-reader.ts'
import { hasTooLargeFunction } from './code-blocks.ts'
import { readSections } from './module-sections.ts'

const isTooLarge = (bytes: Uint8Array): boolean => readSections(bytes).hasTooLargeFunction

test.each([
  ['loops in each other, with thousands of locals', nested(0x03, 10_000, 8000), true],
  ['blocks, with as many locals as there can be', nested(0x02, 1000, 49_000), true],
  ['very many blocks without locals', nested(0x02, 200_000, 0), true],
  ['many blocks, with a few', nested(0x02, 20_000, 500), false],
  ['few blocks, with many', nested(0x02, 500, 49_000), false],
])('%s: too large or not', (_, bytes, tooLarge) => {
  expect(isTooLarge(bytes)).toBe(tooLarge)
})

test('a section that is cut off is a RangeError', () => {
  expect(() => hasTooLargeFunction(new BinaryReader(Uint8Array.of(1, 5, 0)))).toThrow(RangeError)
})

test.each([0x02, 0x03, 0x04, 0x06, 0x1f])(
  'constants that look like blocks (%i) make no function too large',
  (value) => {
    const code = Array.from({ length: 300_000 }, () => [0x41, value, 0x1a]).flat()
    const content = [1, ...leb(1000), I64, ...code, 0x0b]
    const bytes = wasm({
      types: [funcType([], [])],
      funcs: [{ type: 0, body: [...leb(content.length), ...content] }],
      exports: [exportFunc('run', 0)],
    })
    expect(isTooLarge(bytes)).toBe(false)
  },
)
