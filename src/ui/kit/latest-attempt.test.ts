import { expect, test } from 'vitest'
import { LatestAttempt } from './latest-attempt.ts'

test('of the work that is asked for while other work is under way, the last is done afterwards', async () => {
  const attempt = new LatestAttempt()
  const first = Promise.withResolvers<void>()
  const done: string[] = []
  const running = attempt.run(() => first.promise)
  await attempt.run(async () => void done.push('second'))
  await attempt.run(async () => void done.push('third'))
  first.reject(new Error('the first failed'))
  await running
  expect(done).toEqual(['third'])
  expect(attempt.error.value).toBeUndefined()
})
