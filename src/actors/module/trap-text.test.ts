import { expect, test } from 'vitest'
import type { ExitReason } from '../../glia/process/exit.ts'
import { guestFrames, stackHint, trapMessage, withinBounds } from './trap-text.ts'

function errorWith(stack: string): Error {
  return Object.assign(new Error('unreachable'), { stack })
}

test.each([
  ['    at main.boom (wasm://wasm/00a2dd76:wasm-function[3]:0x4f)', 'in main.boom at 0x4f'],
  ['    at wasm://wasm/00a2dd76:wasm-function[3]:0x4f', 'in a function without a name at 0x4f'],
  ['    at <a (b)>::c (wasm://wasm/00a2dd76:wasm-function[3]:0x4f)', 'in <a (b)>::c at 0x4f'],
  ['@https://x.example/a.js:wasm-function[3]:0x4f', 'in a function without a name at 0x4f'],
  ['boom@https://x.example/a.wasm:wasm-function[3]:0x4f', 'in boom at 0x4f'],
  ['@http://x.example/ line 2 > WebAssembly.compile:wasm-function[3]:0x4f', 'in a function without a name at 0x4f'],
  ['boom@blob:http://x.example/1-2 line 2 > WebAssembly.Module:wasm-function[3]:0x4f', 'in boom at 0x4f'],
  [
    '<a (b) @ c>::d@http://x.example:80/@me/a.js line 2 > WebAssembly.compile:wasm-function[3]:0x4f',
    'in <a (b) @ c>::d at 0x4f',
  ],
])('a frame inside the module is told: %s', (line, frame) => {
  expect(guestFrames(errorWith(`Error: unreachable\n${line}\n    at run (file:///a.js:1:2)`))).toEqual([frame])
})

// As WebKitGTK 2.50.6 gives them, of modules with a name section, with one for some functions only, and with none.
test.each([
  ['3@<?>:wasm-function[3]', 'in function 3'],
  ['(null)@my mod.wasm-function[1]:wasm-function[2]', 'in function 2'],
  ['boom@<?>:wasm-function[0]', 'in boom (function 0)'],
  ['greedy/trap@my mod.wasm-function[1]:wasm-function[1]', 'in greedy/trap (function 1)'],
  ['a b<c>@[wasm code]@<?>:wasm-function[2]', 'in a b<c>@[wasm code] (function 2)'],
  ['Ünï.wasm-function[7]@x@<?>:wasm-function[5]', 'in Ünï.wasm-function[7]@x (function 5)'],
  // Safari up to 18, as WebKit's own tests have them.
  ['<?>.wasm-function[4]@[wasm code]', 'in function 4'],
  ['<?>.wasm-function[_eggs]@[wasm code]', 'in _eggs'],
])('a frame of WebKit is told: %s', (line, frame) => {
  const page = 't@http://localhost:2999/assets/errors-E2mtGSW1.js:1:608'
  expect(guestFrames(errorWith(`${line}\nwasm-stub@[wasm code]\n@\n${page}`))).toEqual([frame])
})

test('an exception of the program is told as one', () => {
  const { Exception, Tag } = WebAssembly as unknown as {
    Tag: new (type: object) => object
    Exception: new (tag: object, payload: readonly number[]) => unknown
  }
  expect(trapMessage(new Exception(new Tag({ parameters: ['i32'] }), [1]))).toBe(
    'it threw an exception that nothing caught',
  )
})

test.each([
  [
    "Unreachable code should not be executed (evaluating 'ka(t,e,this.#t)()')",
    'Unreachable code should not be executed',
  ],
  ["Out of bounds memory access (evaluating '\n  f('(')')", 'Out of bounds memory access'],
  ['Maximum call stack size exceeded.', 'Maximum call stack size exceeded'],
])('a trap of WebKit is told without the source text of its caller: %s', (message, text) => {
  expect(trapMessage(new Error(message))).toBe(text)
})

test.each([
  ['V8', (name: string) => `    at ${name} (wasm://wasm/${name}-00a2dd76:wasm-function[3]:0x4f)\n`],
  ['Firefox', (name: string) => `${name}@http://x.example/ line 2 > WebAssembly.compile:wasm-function[3]:0x4f\n`],
  ['WebKit', (name: string) => `${name}@${name}:wasm-function[3]\n`],
])('names and messages of megabytes are cut, in %s', (_, lineOf) => {
  const name = 'x'.repeat(1_000_000)
  const line = lineOf(name)
  const frames = guestFrames(errorWith(`RuntimeError\n${line.repeat(30)}`))
  expect(frames.length).toBe(20)
  expect(frames[0]).toMatch(/^in x{199}… (at 0x4f|\(function 3\))$/)
  expect(trapMessage(new Error(name)).length).toBe(200)
  expect(trapMessage(name).length).toBe(200)
})

test('a guest that calls itself and leaves its memory is told how to have a larger stack', () => {
  const deep = ['in rec at 0x4e', ...Array.from({ length: 19 }, () => 'in rec at 0x5f')]
  expect(stackHint('memory access out of bounds', deep)).toMatch(/stack-size=/)
  // In Firefox; two functions that call each other.
  const mutual = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'in even at 0x5f' : 'in odd at 0x7f'))
  expect(stackHint('index out of bounds', mutual)).toMatch(/stack-size=/)
  // In WebKit.
  const inWebKit = Array.from({ length: 20 }, () => 'in rec (function 3)')
  expect(stackHint('Out of bounds memory access', inWebKit)).toMatch(/stack-size=/)
  // For these it cannot be known.
  expect(stackHint('unreachable', deep)).toBeUndefined()
  expect(stackHint('memory access out of bounds', deep.slice(0, 3))).toBeUndefined()
  const other = Array.from({ length: 20 }, (_, i) => `in f${i} at 0x5f`)
  expect(stackHint('memory access out of bounds', other)).toBeUndefined()
})

test.each<ExitReason>([
  { type: 'trapped', message: 'm'.repeat(5000), frames: Array.from({ length: 100 }, () => 'f'.repeat(5000)) },
  { type: 'start', message: 'm'.repeat(5000) },
])('an end has no more text than a record takes, whatever a worker says: $type', (reason) => {
  const exit = withinBounds({ at: 1, method: 'boom', reason, final: false })
  expect(exit).toMatchObject({ at: 1, method: 'boom', reason: { type: reason.type }, final: false })
  expect(JSON.stringify(exit).length).toBeLessThan(8000)
})

test('an end that has less stays as it is', () => {
  const exit = {
    at: 1,
    reason: { type: 'trapped', message: 'unreachable', frames: ['in boom at 0x4f'] },
    final: true,
  } as const
  expect(withinBounds(exit)).toEqual(exit)
})
