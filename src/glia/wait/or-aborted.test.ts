import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { orAborted } from './or-aborted.ts'

const reason = new Error('enough')

test('a result and a failure pass, whether they come at once or late', async () => {
  const { signal } = new AbortController()
  expect(await orAborted(Promise.resolve(1), signal)).toBe(1)
  expect(await orAborted(new Promise((resolve) => setTimeout(resolve, 1, 2)), signal)).toBe(2)
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  await expect(orAborted(new Promise((_, reject) => setTimeout(reject, 1, new Error('late'))), signal)).rejects.toThrow(
    'late',
  )
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('the wait ends with the reason of the signal, before the promise does', async () => {
  const abort = new AbortController()
  const waiting = orAborted(new Promise(() => undefined), abort.signal)
  setTimeout(() => abort.abort(reason), 1)
  await expect(waiting).rejects.toBe(reason)
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})

test('a signal that has aborted already ends it, also where it aborts during the first turns', async () => {
  await expect(orAborted(new Promise(() => undefined), AbortSignal.abort(reason))).rejects.toBe(reason)
  const abort = new AbortController()
  const waiting = orAborted(new Promise(() => undefined), abort.signal)
  abort.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})

test('a promise that fails after the signal has aborted is no unhandled rejection', async () => {
  const abort = new AbortController()
  const late = Promise.withResolvers<never>()
  const waiting = orAborted(late.promise, abort.signal)
  abort.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  late.reject(new Error('late'))
  // vitest fails on a rejection that nobody handles.
  await new Promise((resolve) => setTimeout(resolve))
})
