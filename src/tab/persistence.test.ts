import { expect, test } from 'vitest'
import { Persistence, type StoragePromise } from './persistence.ts'

/** A browser that gives these answers. */
function browser(isKept: boolean, answers: readonly (boolean | Error)[]) {
  let asked = 0
  const storage: StoragePromise = {
    persisted: async () => isKept,
    persist: async () => {
      const answer = answers[asked++]
      if (answer instanceof Error) throw answer
      return answer ?? false
    },
  }
  return { persistence: new Persistence(storage), asked: () => asked }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

test.each([
  [true, 'kept'],
  [false, 'refused'],
  [new TypeError('no'), 'refused'],
])('the first process asks, and an answer of %s is shown', async (answer, view) => {
  const { persistence, asked } = browser(false, [answer])
  await settled()
  expect(persistence.view.value).toBe('not asked')
  persistence.wanted()
  expect(persistence.view.value).toBe('asking')
  await settled()
  expect(persistence.view.value).toBe(view)
  persistence.wanted()
  await settled()
  expect(asked()).toBe(1)
})

test('who was refused can ask again', async () => {
  const { persistence } = browser(false, [false, true])
  await persistence.ask()
  expect(persistence.view.value).toBe('refused')
  await persistence.ask()
  expect(persistence.view.value).toBe('kept')
})

test('what is kept already is not asked for', async () => {
  const { persistence, asked } = browser(true, [])
  await settled()
  persistence.wanted()
  await settled()
  expect([persistence.view.value, asked()]).toEqual(['kept', 0])
})

test('a browser that cannot be asked is said to be one', async () => {
  for (const storage of [undefined, {}]) {
    const persistence = new Persistence(storage)
    persistence.wanted()
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await settled()
    expect(persistence.view.value).toBe('impossible')
  }
})
