import { expect, test } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import { Attempt } from './attempt.ts'

test('it tells that it is under way, and why it failed', async () => {
  const attempt = new Attempt()
  const running = attempt.run(async () => {
    throw new GliaError('ERR_UNREACHABLE', 'It did not answer.')
  })
  expect(attempt.since.value).toBeDefined()
  await running
  expect(attempt.since.value).toBeUndefined()
  expect(attempt.error.value).toEqual({ code: 'ERR_UNREACHABLE', message: 'It did not answer.' })
  await attempt.run(async () => undefined)
  expect(attempt.error.value).toBeUndefined()
})

test('giving up aborts it and is no failure', async () => {
  const attempt = new Attempt()
  const running = attempt.run(
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  )
  attempt.cancel()
  await running
  expect(attempt.error.value).toBeUndefined()
  expect(attempt.since.value).toBeUndefined()
})

test('while one is under way, no second one begins', async () => {
  const attempt = new Attempt()
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = attempt.run(() => promise)
  let begun = false
  await attempt.run(async () => void (begun = true))
  expect(begun).toBe(false)
  resolve()
  await running
})
