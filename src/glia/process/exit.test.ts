import { expect, test } from 'vitest'
import { GliaError } from '../errors.ts'
import { type ExitReason, exitText, isAbnormal, startFailure } from './exit.ts'

const frames = ['in boom at 0x4f', 'in run at 0x20']

test.each<[ExitReason, string]>([
  [{ type: 'exited', code: 3 }, 'exited with code 3'],
  [{ type: 'trapped', message: 'unreachable', frames }, 'trapped: unreachable in boom at 0x4f'],
  [{ type: 'trapped', message: 'unreachable', frames: [] }, 'trapped: unreachable'],
  [
    { type: 'memory', message: 'trapped with all of its 4 MiB in use: unreachable', frames },
    'out of memory: trapped with all of its 4 MiB in use: unreachable in boom at 0x4f',
  ],
  [{ type: 'deadline', message: 'run did not end within its 1 s.' }, 'run did not end within its 1 s'],
  [{ type: 'start', message: 'The module could not be started.' }, 'The module could not be started'],
  [{ type: 'killed', message: 'The process was killed.' }, 'The process was killed'],
  [
    { type: 'linked', pid: 'x', message: 'upper, which it is linked to, ended: trapped' },
    'upper, which it is linked to, ended: trapped',
  ],
])('%o reads: %s', (reason, text) => {
  expect(exitText(reason)).toBe(text)
})

test('only proc_exit(0) is a normal end', () => {
  expect(isAbnormal({ type: 'exited', code: 0 })).toBe(false)
  expect(isAbnormal({ type: 'exited', code: 1 })).toBe(true)
  expect(isAbnormal({ type: 'killed', message: '' })).toBe(true)
})

test('a start fails by its own fault, or because it takes too long, and not by what its caller does', () => {
  const late = new GliaError('ERR_DEADLINE', 'It did not start within 1 s.')
  const { signal } = new AbortController()
  expect(startFailure(late, AbortSignal.abort(late), late)).toEqual({ type: 'deadline', message: late.message })
  expect(startFailure(new GliaError('ERR_START', 'no'), signal)).toEqual({ type: 'start', message: 'no' })
  expect(startFailure(new GliaError('ERR_STORAGE', 'gone'), signal)).toEqual({ type: 'start', message: 'gone' })
  for (const other of [new GliaError('ERR_DEADLINE', 'the caller’s'), new GliaError('ERR_LIVE_LIMIT', 'full'), 'x']) {
    expect(startFailure(other, signal, late)).toBeUndefined()
  }
  const callers = new GliaError('ERR_START', 'the caller’s')
  expect(startFailure(callers, AbortSignal.abort(callers), late)).toBeUndefined()
})
