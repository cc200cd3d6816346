import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GliaError } from '../glia/errors.ts'
import { JoinAttempt } from './join-attempt.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const unreachable = new GliaError('ERR_UNREACHABLE', 'Nobody is there.')

function attempt(answers: readonly (GliaError | undefined)[]) {
  const told: (string | undefined)[] = []
  let tries = 0
  const link = new JoinAttempt({
    connect: async () => {
      const error = answers[Math.min(tries++, answers.length - 1)]
      if (error) throw error
    },
    tell: (error) => told.push(error?.code),
  })
  return { link, told, tries: () => tries }
}

test('tries again until the peer is there, and takes the error back', async () => {
  const { told, tries } = attempt([unreachable, unreachable, undefined])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told).toEqual(['ERR_UNREACHABLE', 'ERR_UNREACHABLE', undefined])
  expect(tries()).toBe(3)
})

test('tries again at once when the mesh is back', async () => {
  const { link, told } = attempt([unreachable, undefined])
  await vi.advanceTimersByTimeAsync(0)
  link.hurry()
  await vi.advanceTimersByTimeAsync(0)
  expect(told).toEqual(['ERR_UNREACHABLE', undefined])
})

test('a link that is bad is not tried again', async () => {
  const { tries } = attempt([new GliaError('ERR_BAD_ADDRESS', 'It names nobody.')])
  await vi.advanceTimersByTimeAsync(120_000)
  expect(tries()).toBe(1)
})

test('what is stopped tells nothing more', async () => {
  const { link, told, tries } = attempt([unreachable])
  await vi.advanceTimersByTimeAsync(0)
  link.stop()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(told).toEqual(['ERR_UNREACHABLE'])
  expect(tries()).toBe(1)
})
