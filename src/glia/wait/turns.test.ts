import { expect, test } from 'vitest'
import { settlesWithin, withinTurns } from './turns.ts'

/** Resolves after so many turns of the microtask queue. */
async function after(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve()
}

test('what happens within the turns is told, what happens later or never is not', async () => {
  let happened = false
  void after(3).then(() => (happened = true))
  expect(await withinTurns(() => happened, 10)).toBe(true)
  expect(await withinTurns(() => false, 10)).toBe(false)
})

test('it takes no turn if it has happened already, and never a task', async () => {
  let asked = 0
  await withinTurns(() => (asked += 1) > 0, 10)
  expect(asked).toBe(2)
  let tasks = 0
  const timer = setTimeout(() => (tasks += 1))
  await withinTurns(() => false, 1000)
  expect(tasks).toBe(0)
  clearTimeout(timer)
})

test('a rejection settles too, and counts as handled', async () => {
  expect(await settlesWithin(Promise.reject(new Error('no')), 5)).toBe(true)
  expect(await settlesWithin(after(2), 10)).toBe(true)
  expect(await settlesWithin(new Promise(() => undefined), 10)).toBe(false)
})
