import { expect, test } from 'vitest'
import { type Choice, firstChoices } from './choices.ts'

test('the first choices that have all words are found, wherever the words are', () => {
  const choices: Choice[] = [
    { value: 'kill 3kQz', words: 'Kill counter', hint: '3kQz' },
    { value: 'view peers', words: 'Peers', hint: 'view' },
    { value: 'start counter.wasm', words: 'Start counter' },
  ]
  const found = (typed: string, most = 50): string[] => firstChoices(choices, typed, most).map(({ words }) => words)
  expect(found('')).toHaveLength(3)
  expect(found('  COUNTER kill ')).toEqual(['Kill counter'])
  expect(found('view')).toEqual(['Peers'])
  expect(found('counter', 1)).toEqual(['Kill counter'])
  expect(found('nothing')).toEqual([])
})

test('the text of a choice is made once, and no choice is looked at past those that are listed', () => {
  const read: number[] = []
  const choices = Array.from({ length: 3000 }, (_, i) => ({
    value: `process ${i}`,
    get words() {
      read.push(i)
      return `worker ${i}`
    },
  }))
  expect(firstChoices(choices, 'worker', 50)).toHaveLength(50)
  expect(read.length).toBe(50)
  firstChoices(choices, 'worker 1', 50)
  const more = read.length
  firstChoices(choices, 'worker 12', 50)
  expect(read.slice(0, more).every((i) => i < 3000)).toBe(true)
  expect(new Set(read).size).toBe(read.length)
})
