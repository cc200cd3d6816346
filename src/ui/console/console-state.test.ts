import { expect, test } from 'vitest'
import { ConsoleState } from './console-state.ts'

let consoles = 0

function sent(...texts: string[]): ConsoleState {
  const state = new ConsoleState(`process ${++consoles}`, ['echo'])
  for (const text of texts) {
    state.text.value = text
    state.remember()
  }
  state.text.value = ''
  return state
}

test('earlier messages come back, and after the last one what was typed before', () => {
  const state = sent('one', 'two')
  state.text.value = 'draft'
  const texts = ([-1, -1, -1, 1, 1, 1] as const).map((step) => [state.recall(step), state.text.value])
  expect(texts).toEqual([
    [true, 'two'],
    [true, 'one'],
    [false, 'one'],
    [true, 'two'],
    [true, 'draft'],
    [false, 'draft'],
  ])
})

test('a message is kept once, with what its text is, and an empty one is not kept', () => {
  const state = sent('one', 'two', 'one', '')
  state.format.value = 'hex'
  state.text.value = '4865'
  state.remember()
  state.format.value = 'text'
  state.text.value = ''
  state.recall(-1)
  expect([state.text.value, state.format.value]).toEqual(['4865', 'hex'])
  state.recall(-1)
  expect([state.text.value, state.format.value]).toEqual(['one', 'text'])
  state.recall(-1)
  expect(state.text.value).toBe('two')
  expect(state.recall(-1)).toBe(false)
})

test('a message that was changed after it came back is a new one', () => {
  const state = sent('one', 'two')
  state.recall(-1)
  state.recall(-1)
  state.text.value = 'one and more'
  state.recall(-1)
  expect(state.text.value).toBe('two')
  state.recall(1)
  expect(state.text.value).toBe('one and more')
})
