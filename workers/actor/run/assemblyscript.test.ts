import { expect, test } from 'vitest'
import { assemblyScriptImports } from './assemblyscript.ts'

/** Memory with managed strings in it, and their places. */
function withStrings(...texts: string[]): { memory: ArrayBuffer; at: number[] } {
  const memory = new ArrayBuffer(4096)
  const view = new DataView(memory)
  const at = texts.map((text, i) => {
    const pointer = 64 + i * 512
    view.setUint32(pointer - 4, text.length * 2, true)
    for (let unit = 0; unit < text.length; unit++) view.setUint16(pointer + unit * 2, text.charCodeAt(unit), true)
    return pointer
  })
  return { memory, at }
}

type Guest = Record<'abort' | 'trace' | 'seed', (...args: number[]) => unknown>

function imports(memory: ArrayBuffer, written: string[] = []): Guest {
  return assemblyScriptImports(
    () => memory,
    (text) => written.push(text),
  ) as Guest
}

test('abort is a trap that says what and where', () => {
  const { memory, at } = withStrings('größer als 1 €', 'src/a.ts')
  const { abort } = imports(memory)
  expect(() => abort(at[0] ?? 0, at[1] ?? 0, 7, 3)).toThrow(
    new WebAssembly.RuntimeError('abort: größer als 1 € at src/a.ts:7:3'),
  )
})

test('abort without a message or a place is a trap all the same', () => {
  const { memory, at } = withStrings('a.ts', '')
  const { abort } = imports(memory)
  expect(() => abort(0, 0, 0, 0)).toThrow(/^abort: no message$/)
  expect(() => abort(at[1] ?? 0, at[0] ?? 0, 1, 2)).toThrow(/^abort: no message at a\.ts:1:2$/)
  expect(() => abort(0, 0, 0, 0)).toThrow(WebAssembly.RuntimeError)
})

test('trace is a line on stderr, with as many numbers as it says', () => {
  const written: string[] = []
  const { memory, at } = withStrings('here')
  const { trace } = imports(memory, written)
  trace(at[0] ?? 0, 2, 1.5, -2, 0, 0, 0)
  trace(at[0] ?? 0, 0, 9, 9, 9, 9, 9)
  expect(written).toEqual(['here 1.5 -2\n', 'here\n'])
})

test('of a text that is said to be all of the memory only the start is read', () => {
  const memory = new ArrayBuffer(1024 * 1024)
  new Uint32Array(memory)[0] = memory.byteLength - 4
  const written: string[] = []
  imports(memory, written).trace(4, 0, 0, 0, 0, 0, 0)
  expect(written[0]?.length).toBeLessThan(20_000)
})

test('seed is another number each time', () => {
  const { seed } = imports(new ArrayBuffer(0))
  expect(seed()).not.toBe(seed())
})
