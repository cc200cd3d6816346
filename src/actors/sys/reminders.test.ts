import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SILENT } from '../../glia/log.ts'
import type { Reminder, ReminderStore } from '../table/reminder.ts'
import { type ReminderHead, Reminders } from './reminders.ts'

const PID = 'one'
const START = Date.parse('2026-03-01T10:00:00Z')

beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

/** What is kept, as a database keeps it. */
function makeStore(): ReminderStore & { readonly kept: Map<string, Reminder> } {
  const kept = new Map<string, Reminder>()
  return {
    kept,
    reminders: async () => [...kept.values()].map((each) => structuredClone(each)),
    putReminder: async (reminder) => void kept.set(reminder.id, structuredClone(reminder)),
    deleteReminder: async ({ id }) => void kept.delete(id),
  }
}

/** A peer that runs, and the messages that it has delivered. */
async function start(store = makeStore(), deliver: () => Promise<void> = async () => undefined) {
  const delivered: (ReminderHead & { body: string; method: string })[] = []
  const reminders = new Reminders({
    store,
    slot: 0,
    log: SILENT,
    has: (pid) => pid === PID,
    deliver: async ({ method }, message) => {
      const [line = '', body = ''] = new TextDecoder().decode(message).split('\n')
      delivered.push({ ...(JSON.parse(line) as ReminderHead), body, method })
      await deliver()
    },
  })
  await reminders.start()
  return { reminders, delivered, store }
}

const body = (text: string): Uint8Array => new TextEncoder().encode(text)

test('a reminder comes once at its time, with its body', async () => {
  const { reminders, delivered, store } = await start()
  const { id } = await reminders.add(PID, { method: 'wake', inMs: 5000 }, body('tea'))
  await vi.advanceTimersByTimeAsync(4999)
  expect(delivered).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  const due = new Date(START + 5000).toISOString()
  expect(delivered).toEqual([{ reminder: id, due, lateMs: 0, missed: 0, body: 'tea', method: 'wake' }])
  await vi.advanceTimersByTimeAsync(100_000)
  expect(delivered).toHaveLength(1)
  expect(store.kept.size).toBe(0)
})

test('one that comes again and again keeps its rhythm, however long each takes', async () => {
  const { reminders, delivered } = await start(makeStore(), () => new Promise((resolve) => setTimeout(resolve, 700)))
  await reminders.add(PID, { method: 'tick', everyMs: 1000 }, body(''))
  await vi.advanceTimersByTimeAsync(5000)
  expect(delivered.map(({ due }) => Date.parse(due) - START)).toEqual([1000, 2000, 3000, 4000, 5000])
})

test('a cron pattern is due at the times of its time zone', async () => {
  const { reminders, delivered } = await start()
  await reminders.add(PID, { method: 'tick', cron: '30 12 * * *', timeZone: 'Europe/Berlin' }, body(''))
  await vi.advanceTimersByTimeAsync(2 * 24 * 3_600_000)
  expect(delivered.map(({ due }) => due)).toEqual(['2026-03-01T11:30:00.000Z', '2026-03-02T11:30:00.000Z'])
})

test('a time far away is waited for in several parts', async () => {
  const { reminders, delivered } = await start()
  const days60 = 60 * 24 * 3_600_000
  await reminders.add(PID, { method: 'wake', at: new Date(START + days60).toISOString() }, body(''))
  await vi.advanceTimersByTimeAsync(days60 - 1)
  expect(delivered).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(delivered).toHaveLength(1)
})

test('many that are due at once come one after the other, in the order of their times', async () => {
  const store = makeStore()
  const { reminders } = await start(store)
  for (let i = 100; i > 0; i--) await reminders.add(PID, { method: 'wake', inMs: i }, body(String(i)))
  reminders.stop()
  vi.setSystemTime(START + 5000)
  let atOnce = 0
  let most = 0
  const { delivered } = await start(store, async () => {
    most = Math.max(most, ++atOnce)
    await new Promise((resolve) => setTimeout(resolve, 10))
    atOnce -= 1
  })
  await vi.advanceTimersByTimeAsync(2000)
  expect(most).toBe(1)
  expect(delivered.map((each) => each.body)).toEqual(Array.from({ length: 100 }, (_, i) => String(i + 1)))
  expect(store.kept.size).toBe(0)
})

test('what was due while the peer was away comes once, late, and says how many were missed', async () => {
  const store = makeStore()
  const { reminders } = await start(store)
  const once = await reminders.add(PID, { method: 'wake', inMs: 1000 }, body(''))
  const often = await reminders.add(PID, { method: 'tick', everyMs: 1000 }, body(''))
  reminders.stop()
  vi.setSystemTime(START + 10_500)
  const { delivered } = await start(store)
  await vi.advanceTimersByTimeAsync(0)
  expect(delivered).toMatchObject([
    { reminder: once.id, lateMs: 9500, missed: 0 },
    { reminder: often.id, lateMs: 9500, missed: 9 },
  ])
  await vi.advanceTimersByTimeAsync(500)
  expect(delivered.at(-1)).toMatchObject({ reminder: often.id, lateMs: 0, missed: 0 })
  expect([...store.kept.keys()]).toEqual([often.id])
})

test('one that was being delivered when the peer ended is delivered again', async () => {
  const store = makeStore()
  const { reminders, delivered } = await start(store, () => new Promise(() => undefined))
  const { id } = await reminders.add(PID, { method: 'wake', inMs: 1000 }, body(''))
  await vi.advanceTimersByTimeAsync(1000)
  expect(delivered).toHaveLength(1)
  reminders.stop()
  const next = await start(store)
  await vi.advanceTimersByTimeAsync(0)
  expect(next.delivered).toMatchObject([{ reminder: id, due: delivered[0]?.due }])
})

test('a message that fails ends no reminder that comes again', async () => {
  const { reminders, delivered } = await start(makeStore(), () => Promise.reject(new Error('no')))
  await reminders.add(PID, { method: 'tick', everyMs: 1000 }, body(''))
  await vi.advanceTimersByTimeAsync(3000)
  expect(delivered).toHaveLength(3)
})

test('one of a time zone that is not known any more comes a last time', async () => {
  const store = makeStore()
  const again = { cron: '0 9 * * *', timeZone: 'Middle/Earth' }
  store.kept.set('x', { id: 'x', pid: PID, method: 'wake', body: body(''), dueAt: START - 1, again })
  const { delivered } = await start(store)
  await vi.advanceTimersByTimeAsync(1000)
  expect(delivered).toMatchObject([{ reminder: 'x', missed: 0 }])
  expect(store.kept.size).toBe(0)
})

test('reminders go with their process, and can be taken back by it alone', async () => {
  const store = makeStore()
  const { reminders, delivered } = await start(store)
  const one = await reminders.add(PID, { method: 'wake', inMs: 1000 }, body(''))
  await reminders.add(PID, { method: 'wake', inMs: 2000 }, body(''))
  await expect(reminders.remove('other', one.id)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  await reminders.remove(PID, one.id)
  expect(reminders.of(PID)).toHaveLength(1)
  await reminders.removeAll(PID)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(delivered).toEqual([])
  expect(store.kept.size).toBe(0)
  // A later version of the app may bring the process back.
  store.kept.set('x', { id: 'x', pid: 'gone', method: 'wake', body: body(''), dueAt: START })
  const again = await start(store)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(again.delivered).toEqual([])
  expect(store.kept.size).toBe(1)
})

test('a killed process that is brought back has its reminders again, but not those of its keys', async () => {
  const { reminders, delivered, store } = await start()
  const { id } = await reminders.add(PID, { method: 'wake', inMs: 1000 }, body(''))
  await reminders.add(`${PID}:a`, { method: 'wake', inMs: 1000 }, body(''))
  const giveBack = reminders.hold(PID)
  // As the store does with the process.
  store.kept.clear()
  await vi.advanceTimersByTimeAsync(5000)
  expect(delivered).toEqual([])
  await giveBack()
  expect([...store.kept.keys()]).toEqual([id])
  await vi.advanceTimersByTimeAsync(0)
  expect(delivered).toMatchObject([{ reminder: id, lateMs: 4000 }])
})

test.each([
  [{ inMs: 1 }, 'method'],
  [{ method: 'a' }, 'give one of'],
  [{ method: 'a', inMs: 1, everyMs: 1000 }, 'give one of'],
  [{ method: 'a', inMs: '1' }, 'inMs'],
  [{ method: 'a', inMs: -1 }, 'inMs'],
  [{ method: 'a', inMs: Infinity }, 'inMs'],
  [{ method: 'a', everyMs: 999 }, 'everyMs'],
  [{ method: 'a', at: 'tomorrow' }, 'at'],
  [{ method: 'a', cron: 'x' }, 'cron'],
  [{ method: 'a', cron: 7 }, 'cron'],
  [{ method: 'a', cron: '* * * * *', timeZone: 'Middle/Earth' }, 'cron'],
  [{ method: 'a', cron: '0 0 30 2 *' }, 'cron: it is never due'],
])('%j is refused in words', async (head, words) => {
  const { reminders, store } = await start()
  await expect(reminders.add(PID, head, body(''))).rejects.toMatchObject({
    code: 'ERR_BAD_REQUEST',
    message: expect.stringContaining(words) as unknown,
  })
  expect(store.kept.size).toBe(0)
})

test('a process has a limited number of reminders, with a limited body', async () => {
  const { reminders } = await start()
  await expect(reminders.add(PID, { method: 'a', inMs: 1 }, new Uint8Array(65 * 1024))).rejects.toThrow('the body has')
  for (let i = 0; i < 100; i++) await reminders.add(PID, { method: 'a', inMs: 1000 }, body(''))
  await expect(reminders.add(PID, { method: 'a', inMs: 1 }, body(''))).rejects.toThrow('100 reminders already')
})

test('the reminders of all keys of a process together have a limited size', async () => {
  const { reminders } = await start()
  const large = new Uint8Array(63 * 1024)
  for (let i = 0; i < 1024; i++) await reminders.add(`${PID}:${i % 16}`, { method: 'a', inMs: 1000 }, large)
  const next = reminders.add(`${PID}:new`, { method: 'a', inMs: 1000 }, body(''))
  await expect(next).rejects.toThrow('bytes already')
  await reminders.add('other', { method: 'a', inMs: 1000 }, large)
})
