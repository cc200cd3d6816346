import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UNDO_MS, Undos } from './undos.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An act that notes how often it was undone. */
function act(bytes?: number) {
  return { ...(bytes !== undefined && { bytes }), undo: vi.fn<() => Promise<void>>(async () => undefined) }
}

const TOO_LATE = { code: 'ERR_TOO_LATE', status: 410 }

test('an act is undone once, within its time', async () => {
  const undos = new Undos()
  const [one, other] = [act(), act()]
  const ids = [undos.add(one), undos.add(other)]
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1)
  await undos.undo(ids[0])
  expect(one.undo).toHaveBeenCalledTimes(1)
  await expect(undos.undo(ids[0])).rejects.toMatchObject(TOO_LATE)
  await vi.advanceTimersByTimeAsync(1)
  await expect(undos.undo(ids[1])).rejects.toMatchObject(TOO_LATE)
  expect(other.undo).not.toHaveBeenCalled()
})

test.each([undefined, '', 'another'])('nothing is undone by the id %j', async (id) => {
  const undos = new Undos()
  const made = act()
  undos.add(made)
  await expect(undos.undo(id)).rejects.toMatchObject(TOO_LATE)
  expect(made.undo).not.toHaveBeenCalled()
})

test('the oldest acts go when there are too many, or when they hold too much memory', async () => {
  const undos = new Undos()
  const many = Array.from({ length: 17 }, () => undos.add(act()))
  await expect(undos.undo(many[0])).rejects.toMatchObject(TOO_LATE)
  await undos.undo(many[1])
  // The newest can be undone, whatever it holds.
  const huge = undos.add(act(2 ** 30))
  await expect(undos.undo(many[16])).rejects.toMatchObject(TOO_LATE)
  await undos.undo(huge)
})

test('a peer that stops undoes nothing, and nothing keeps it alive', async () => {
  const undos = new Undos()
  const id = undos.add(act())
  undos.stop()
  expect(vi.getTimerCount()).toBe(0)
  await expect(undos.undo(id)).rejects.toMatchObject(TOO_LATE)
})
