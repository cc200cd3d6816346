import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import { keyIn, processOf } from '../../glia/instance-key.ts'
import { SILENT } from '../../glia/log.ts'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import type { Reminder, ReminderStore } from '../table/reminder.ts'
import { type Delivery, type ReminderHead, Reminders } from './reminders.ts'

const PID = 'one'
/** A process with an instance for each key. */
const KEYED = 'keyed'
const START = Date.parse('2026-03-01T10:00:00Z')
const OK: Delivery = { ran: true, error: undefined }
const YEAR = 365 * 24 * 3_600_000

beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

/** What is kept, as a database keeps it. */
function makeStore() {
  const kept = new Map<string, Reminder>()
  const nameOf = ({ pid, id }: Reminder): string => `${pid} ${id}`
  const store = {
    kept,
    /** Thrown by the next writes. */
    failure: undefined as GliaError | undefined,
    reminders: async () => [...kept.values()].map((each) => structuredClone(each)),
    async putReminder(reminder: Reminder) {
      if (store.failure) throw store.failure
      kept.set(nameOf(reminder), structuredClone(reminder))
    },
    async deleteReminder(reminder: Reminder) {
      if (store.failure) throw store.failure
      kept.delete(nameOf(reminder))
    },
  } satisfies ReminderStore & Record<string, unknown>
  return store
}

type Delivered = ReminderHead & { body: string; method: string; pid: string }

/** A peer that runs, and the messages that it has delivered. */
async function start(
  store = makeStore(),
  deliver: (message: Delivered) => Promise<Delivery | undefined | void> = async () => OK,
) {
  const delivered: Delivered[] = []
  const notes: string[] = []
  const there = new Set([PID, KEYED, 'other'])
  const policy = { ...DEFAULT_POLICY, maxMessageBytes: 2 ** 20 }
  const reminders = new Reminders({
    store,
    slot: 0,
    log: SILENT,
    note: (pid, line) => void notes.push(`${pid}: ${line}`),
    find: (pid) =>
      there.has(processOf(pid))
        ? { name: 'it', methods: ['wake', 'tick', 'a'], hasKeys: keyIn(pid) !== undefined, policy }
        : undefined,
    deliver: async ({ method, pid }, message) => {
      const [line = '', text = ''] = new TextDecoder().decode(message).split('\n')
      const one = { ...(JSON.parse(line) as ReminderHead), body: text, method, pid }
      delivered.push(one)
      return (await deliver(one)) ?? OK
    },
  })
  await reminders.load()
  reminders.begin()
  return { reminders, delivered, store, notes, there }
}

const refused = (code: 'ERR_MAILBOX_FULL' | 'ERR_LIVE_LIMIT' | 'ERR_NO_METHOD'): Delivery => ({
  ran: false,
  error: new GliaError(code, 'No.'),
})
const body = (text: string): Uint8Array => new TextEncoder().encode(text)

test('a reminder comes once at its time, with its body', async () => {
  const { reminders, delivered, store } = await start()
  const { id } = await reminders.add(PID, { method: 'wake', inMs: 5000 }, body('tea'))
  await vi.advanceTimersByTimeAsync(4999)
  expect(delivered).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  const due = new Date(START + 5000).toISOString()
  expect(delivered).toEqual([{ reminder: id, due, lateMs: 0, missed: 0, body: 'tea', method: 'wake', pid: PID }])
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

test('a part of a millisecond counts as a whole one', async () => {
  const { reminders, delivered } = await start()
  await reminders.add(PID, { method: 'tick', everyMs: 1000.7 }, body(''))
  await vi.advanceTimersByTimeAsync(2002)
  expect(delivered.map(({ due, lateMs }) => [Date.parse(due) - START, lateMs])).toEqual([
    [1001, 0],
    [2002, 0],
  ])
})

test.each(['@hourly', '@daily', '@weekly', '@monthly', '@yearly', '@annually'])('%s is a pattern', async (cron) => {
  const { reminders } = await start()
  const { dueAt } = await reminders.add(PID, { method: 'tick', cron }, body(''))
  expect(new Date(dueAt).toISOString()).toMatch(/:00:00\.000Z$/)
})

test('a cron pattern is due at the times of its time zone', async () => {
  const { reminders, delivered } = await start()
  await reminders.add(PID, { method: 'tick', cron: '30 12 * * *', timeZone: 'Europe/Berlin' }, body(''))
  await vi.advanceTimersByTimeAsync(2 * 24 * 3_600_000)
  expect(delivered.map(({ due }) => due)).toEqual(['2026-03-01T11:30:00.000Z', '2026-03-02T11:30:00.000Z'])
})

test('a time far away is waited for in several parts', async () => {
  const { reminders, delivered } = await start()
  const twoDays = 2 * 24 * 3_600_000
  await reminders.add(PID, { method: 'wake', at: new Date(START + twoDays).toISOString() }, body(''))
  await vi.advanceTimersByTimeAsync(twoDays - 1)
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
  expect([...store.kept.values()]).toMatchObject([{ id: often.id }])
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
  const { reminders, delivered } = await start(makeStore(), async () => ({
    ran: true,
    error: new GliaError('ERR_TRAPPED', 'no'),
  }))
  await reminders.add(PID, { method: 'tick', everyMs: 1000 }, body(''))
  await vi.advanceTimersByTimeAsync(3000)
  expect(delivered).toHaveLength(3)
})

test('one of a time zone that is not known any more comes a last time', async () => {
  const store = makeStore()
  const again = { cron: '0 9 * * *', timeZone: 'Middle/Earth' }
  store.kept.set(`${PID} x`, { id: 'x', pid: PID, method: 'wake', body: body(''), dueAt: START - 1, again })
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
  store.kept.set('gone x', { id: 'x', pid: 'gone', method: 'wake', body: body(''), dueAt: START })
  const again = await start(store)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(again.delivered).toEqual([])
  expect(store.kept.size).toBe(1)
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
  [{ method: 'none', inMs: 1 }, 'no method “none”'],
  [{ method: 7, inMs: 1 }, 'method'],
  [{ method: 'a', inMs: NaN }, 'inMs'],
  [{ method: 'a', inMs: null }, 'inMs'],
  [{ method: 'a', inMs: 1e300 }, 'inMs'],
  [{ method: 'a', everyMs: 1e16 }, 'everyMs'],
  [{ method: 'a', everyMs: -1000 }, 'everyMs'],
  [{ method: 'a', everyMs: [1000] }, 'everyMs'],
  [{ method: 'a', at: -1 }, 'at'],
  [{ method: 'a', at: '1969-12-31T23:59:59Z' }, 'at'],
  [{ method: 'a', at: '5' }, 'at'],
  [{ method: 'a', at: 'Mon, 02 Mar 2026 10:00:00 GMT' }, 'at'],
  [{ method: 'a', at: '2026-13-01' }, 'at'],
  [{ method: 'a', at: '+999999-01-01' }, 'at'],
  [{ method: 'a', at: 8.64e15 }, 'at'],
  [{ method: 'a', inMs: 1, timeZone: 'UTC' }, 'timeZone'],
  [{ method: 'a', cron: '' }, 'cron'],
  [{ method: 'a', cron: '* * * *' }, 'cron'],
  [{ method: 'a', cron: '99999999999999999999 * * * *' }, 'cron'],
  [{ method: 'a', cron: '-1 * * * *' }, 'cron'],
  [{ method: 'a', cron: '*/0 * * * *' }, 'cron'],
  [{ method: 'a', cron: '0-1000000000 * * * *' }, 'cron'],
  [{ method: 'a', cron: '0 0 0 1 1 * 2999' }, 'cron: give five fields, or six'],
  [{ method: 'a', cron: '2999-01-01T00:00:00' }, 'cron: give five fields, or six'],
  [{ method: 'a', cron: '@reboot' }, 'cron: give five fields, or six'],
  [{ method: 'a', at: '2027-02-29' }, 'at: give a time'],
  [{ method: 'a', at: '2026-02-30T10:00:00Z' }, 'at: give a time'],
  [{ method: 'a', at: '2026-04-31T10:00+02:00' }, 'at: give a time'],
  [{ method: 'a', at: '+002026-06-31' }, 'at: give a time'],
  [{ method: 'a', cron: `${'1,'.repeat(200_000)}1 * * * *` }, 'at most 256 characters'],
  [{ method: 'a', cron: '* * * * *', timeZone: 'x'.repeat(200_000) }, 'timeZone'],
  [{ method: 'a', cron: '* * * * *', timeZone: {} }, 'timeZone'],
])('%j is refused in words', async (head, words) => {
  const { reminders, store } = await start()
  await expect(reminders.add(PID, head, body(''))).rejects.toMatchObject({
    code: expect.stringMatching(/^ERR_(BAD_REQUEST|NO_METHOD)$/) as unknown,
    message: expect.stringContaining(words) as unknown,
  })
  expect(store.kept.size).toBe(0)
})

test('a process has a limited number of reminders, with a limited body', async () => {
  const { reminders } = await start()
  await expect(reminders.add(PID, { method: 'a', inMs: 1 }, new Uint8Array(65 * 1024))).rejects.toThrow('the body has')
  for (let i = 0; i < 100; i++) await reminders.add(PID, { method: 'a', inMs: 1000 }, body(''))
  await expect(reminders.add(PID, { method: 'a', inMs: 1 }, body(''))).rejects.toThrow('has 100 reminders already')
})

test('the reminders of all keys of a process together have a limited size', async () => {
  const { reminders } = await start()
  const large = new Uint8Array(63 * 1024)
  for (let i = 0; i < 1024; i++) await reminders.add(`${KEYED}:${i % 16}`, { method: 'a', inMs: 1000 }, large)
  const next = reminders.add(`${KEYED}:new`, { method: 'a', inMs: 1000 }, body(''))
  await expect(next).rejects.toThrow('may have 67108864 bytes')
  await reminders.add('other', { method: 'a', inMs: 1000 }, large)
})

test('many that are asked for at once are no more than the limit', async () => {
  const { reminders, store } = await start()
  const asked = Array.from({ length: 150 }, () => reminders.add(PID, { method: 'a', inMs: 1000 }, body('')))
  const ends = await Promise.allSettled(asked)
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(100)
  expect(store.kept.size).toBe(100)
})

test('a process that is not there, a key of a process without keys, and no key of one with keys, are refused', async () => {
  const { reminders, store } = await start()
  const asked = { method: 'a', inMs: 1 }
  await expect(reminders.add('none', asked, body(''))).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  await expect(reminders.add('none:x', asked, body(''))).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  expect(store.kept.size).toBe(0)
})

test('one that could not be kept is not delivered', async () => {
  const { reminders, delivered, store } = await start()
  store.failure = new GliaError('ERR_STORAGE', 'It is full.')
  await expect(reminders.add(PID, { method: 'a', inMs: 1 }, body(''))).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  await vi.advanceTimersByTimeAsync(10_000)
  expect([delivered, reminders.of(PID)]).toEqual([[], []])
})

test('one that could not be taken back is still there', async () => {
  const { reminders, delivered, store } = await start()
  const { id } = await reminders.add(PID, { method: 'a', inMs: 1000 }, body(''))
  store.failure = new GliaError('ERR_STORAGE', 'It is full.')
  await expect(reminders.remove(PID, id)).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  await vi.advanceTimersByTimeAsync(1000)
  expect(delivered).toHaveLength(1)
  // It ran. That the store is full does not bring it again.
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(delivered).toHaveLength(1)
})

describe('a reminder that the process does not take', () => {
  test.each(['ERR_MAILBOX_FULL', 'ERR_LIVE_LIMIT'] as const)(
    '(%s) is tried again ever more rarely, and its log says so',
    async (code) => {
      let isFull = true
      const { reminders, delivered, store, notes } = await start(makeStore(), async () => (isFull ? refused(code) : OK))
      const { id } = await reminders.add(PID, { method: 'wake', inMs: 1000 }, body('tea'))
      await vi.advanceTimersByTimeAsync(3_600_000)
      const tries = delivered.length
      // 1 s, 2 s, …, 5 min, each by up to a third shorter.
      expect(tries).toBeGreaterThan(15)
      expect(tries).toBeLessThan(35)
      expect(store.kept.size).toBe(1)
      expect(notes).toEqual([expect.stringContaining(`one: The reminder ${id} for wake was not taken: No. ${code}`)])
      isFull = false
      await vi.advanceTimersByTimeAsync(5 * 60_000)
      expect(delivered).toHaveLength(tries + 1)
      expect(delivered.at(-1)).toMatchObject({ reminder: id, missed: 0, body: 'tea' })
      expect(delivered.at(-1)?.lateMs).toBeGreaterThan(3_590_000)
      expect(store.kept.size).toBe(0)
    },
  )

  test('is delivered after the next start', async () => {
    const store = makeStore()
    const { reminders, delivered } = await start(store, async () => refused('ERR_MAILBOX_FULL'))
    const { id } = await reminders.add(PID, { method: 'wake', inMs: 1000 }, body(''))
    await vi.advanceTimersByTimeAsync(1500)
    expect(delivered).toHaveLength(1)
    reminders.stop()
    const next = await start(store)
    await vi.advanceTimersByTimeAsync(0)
    expect(next.delivered).toMatchObject([{ reminder: id, due: delivered[0]?.due, lateMs: 500 }])
  })

  test('comes in its order, before those that are due later', async () => {
    let isFull = true
    const { reminders, delivered } = await start(makeStore(), async () =>
      isFull ? refused('ERR_MAILBOX_FULL') : undefined,
    )
    for (const i of [3, 1, 2]) await reminders.add(PID, { method: 'wake', inMs: 1000 + i }, body(String(i)))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(new Set(delivered.map((each) => each.body))).toEqual(new Set(['1']))
    isFull = false
    delivered.length = 0
    await vi.advanceTimersByTimeAsync(60_000)
    expect(delivered.map((each) => each.body)).toEqual(['1', '2', '3'])
  })

  test('and that comes again and again says how many were missed', async () => {
    let isFull = true
    const { reminders, delivered } = await start(makeStore(), async () =>
      isFull ? refused('ERR_LIVE_LIMIT') : undefined,
    )
    await reminders.add(PID, { method: 'tick', everyMs: 1000 }, body(''))
    await vi.advanceTimersByTimeAsync(10_000)
    isFull = false
    delivered.length = 0
    await vi.advanceTimersByTimeAsync(60_000)
    const [late, next] = delivered
    expect(late?.due).toBe(new Date(START + 1000).toISOString())
    expect(late?.missed).toBe(Math.floor((late?.lateMs ?? 0) / 1000))
    expect(next).toMatchObject({ lateMs: 0, missed: 0 })
    expect(delivered.length + (late?.missed ?? 0)).toBe(70)
  })

  test('for a reason that stays is given up if it comes once, in words, and holds no other up', async () => {
    const { reminders, delivered, store, notes } = await start(makeStore(), async ({ method }) =>
      method === 'a' ? refused('ERR_NO_METHOD') : undefined,
    )
    await reminders.add(PID, { method: 'a', inMs: 1000 }, body('once'))
    await reminders.add(PID, { method: 'a', everyMs: 60_000 }, body('often'))
    await reminders.add(PID, { method: 'wake', inMs: 1001 }, body('other'))
    await vi.advanceTimersByTimeAsync(120_000)
    expect(delivered.map((each) => each.body)).toEqual(['once', 'other', 'often', 'often'])
    expect(delivered.at(-1)).toMatchObject({ missed: 1 })
    expect(notes).toMatchObject([expect.stringContaining('for a is given up: No. ERR_NO_METHOD')])
    expect(store.kept.size).toBe(1)
  })

  test('is never delivered twice at once', async () => {
    let running = 0
    let most = 0
    const { reminders } = await start(makeStore(), async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5000))
      running -= 1
      return refused('ERR_MAILBOX_FULL')
    })
    await reminders.add(PID, { method: 'tick', everyMs: 1000 }, body(''))
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(most).toBe(1)
  })
})

describe('a peer that stops', () => {
  test('delivers nothing twice that ran to its end meanwhile', async () => {
    const store = makeStore()
    const end = Promise.withResolvers<Delivery>()
    const { reminders, delivered } = await start(store, () => end.promise)
    await reminders.add(PID, { method: 'wake', inMs: 1000 }, body(''))
    await vi.advanceTimersByTimeAsync(1000)
    reminders.stop()
    end.resolve(OK)
    await reminders.settled()
    expect([delivered.length, store.kept.size]).toEqual([1, 0])
  })

  test.each([
    ['was cut off', { ran: true, error: new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.') }],
    ['waited', { ran: false, error: new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.') }],
    ['was refused', refused('ERR_MAILBOX_FULL')],
  ])('delivers one again that %s', async (_, outcome) => {
    const store = makeStore()
    const end = Promise.withResolvers<Delivery>()
    const { reminders } = await start(store, () => end.promise)
    const { id } = await reminders.add(PID, { method: 'wake', inMs: 1000 }, body(''))
    await vi.advanceTimersByTimeAsync(1000)
    reminders.stop()
    end.resolve(outcome)
    await reminders.settled()
    const next = await start(store)
    await vi.advanceTimersByTimeAsync(0)
    expect(next.delivered).toMatchObject([{ reminder: id, missed: 0 }])
  })
})

describe('a process that was killed', () => {
  test('gets what was due meanwhile once that is undone', async () => {
    const { reminders, delivered, there, store } = await start()
    await reminders.add(PID, { method: 'wake', inMs: 1000 }, body('tea'))
    there.delete(PID)
    store.kept.clear()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(delivered).toEqual([])
    there.add(PID)
    await reminders.keepAgain(PID)
    await vi.advanceTimersByTimeAsync(0)
    expect(delivered).toMatchObject([{ body: 'tea', lateMs: 119_000 }])
  })

  test('comes back with the reminders of its keys', async () => {
    const { reminders, delivered, there, store } = await start()
    await reminders.add(`${KEYED}:x`, { method: 'wake', inMs: 1000 }, body(''))
    there.delete(KEYED)
    store.kept.clear()
    there.add(KEYED)
    await reminders.keepAgain(KEYED)
    expect(store.kept.size).toBe(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(delivered).toHaveLength(1)
  })
})

describe('a clock that is set', () => {
  test('forward, or a machine that slept, is noticed within a minute', async () => {
    const { reminders, delivered } = await start()
    await reminders.add(PID, { method: 'wake', at: START + 10 * 24 * 3_600_000 }, body(''))
    vi.setSystemTime(START + YEAR)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(delivered).toMatchObject([{ lateMs: YEAR - 10 * 24 * 3_600_000 + 60_000 }])
  })

  test.each([
    ['each second', { everyMs: 1000 }],
    ['by a pattern', { cron: '* * * * * *' }],
  ])('back by a year does not hold up one that comes %s', async (_, times) => {
    const store = makeStore()
    const { reminders, delivered } = await start(store)
    await reminders.add(PID, { method: 'tick', ...times }, body(''))
    await vi.advanceTimersByTimeAsync(3000)
    expect(delivered).toHaveLength(3)
    vi.setSystemTime(START - YEAR)
    await vi.advanceTimersByTimeAsync(62_000)
    const count = delivered.length
    expect(count).toBeGreaterThan(3)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(delivered).toHaveLength(count + 10)
    // And forth again, over a restart.
    reminders.stop()
    vi.setSystemTime(START + YEAR)
    const next = await start(store)
    await vi.advanceTimersByTimeAsync(3000)
    expect(next.delivered.map(({ missed }) => missed > 0)).toEqual([true, false, false, false])
  })

  test('back by a year makes a wait begin anew, and moves no time that was given', async () => {
    const store = makeStore()
    const { reminders } = await start(store)
    await reminders.add(PID, { method: 'wake', inMs: 5000 }, body('wait'))
    await reminders.add(PID, { method: 'wake', at: START + 5000 }, body('time'))
    reminders.stop()
    vi.setSystemTime(START - YEAR)
    const { delivered } = await start(store)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(delivered.map((each) => each.body)).toEqual(['wait'])
    await vi.advanceTimersByTimeAsync(5000)
    vi.setSystemTime(START + 5000)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(delivered.map((each) => each.body)).toEqual(['wait', 'time'])
  })

  test('counts at most 100 times of a pattern that were missed', async () => {
    const store = makeStore()
    const { reminders } = await start(store)
    await reminders.add(PID, { method: 'tick', cron: '* * * * * *' }, body(''))
    reminders.stop()
    vi.setSystemTime(START + 10 * YEAR)
    const { delivered } = await start(store)
    await vi.advanceTimersByTimeAsync(2000)
    expect(delivered.map(({ missed }) => missed)).toEqual([100, 0, 0])
  })
})

test('10,000 keys that are due at once get theirs, some at a time', async () => {
  const store = makeStore()
  for (let i = 0; i < 10_000; i++) {
    const pid = `${KEYED}:${i}`
    store.kept.set(`${pid} x`, { id: 'x', pid, method: 'wake', body: body(''), dueAt: START })
  }
  let running = 0
  let most = 0
  const { delivered } = await start(store, async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 10))
    running -= 1
  })
  await vi.advanceTimersByTimeAsync(10_000)
  expect([new Set(delivered.map(({ pid }) => pid)).size, delivered.length, store.kept.size]).toEqual([
    10_000, 10_000, 0,
  ])
  expect(most).toBe(16)
})

test('one whose time is damaged does not come, and the log says so', async () => {
  const store = makeStore()
  for (const dueAt of [NaN, -1, 1e300, undefined as unknown as number]) {
    const id = String(dueAt)
    store.kept.set(id, { id, pid: PID, method: 'wake', body: body(''), dueAt })
  }
  store.kept.set('good', { id: 'good', pid: PID, method: 'wake', body: body(''), dueAt: START })
  const { delivered, notes } = await start(store)
  await vi.advanceTimersByTimeAsync(1000)
  expect(delivered.map(({ reminder }) => reminder)).toEqual(['good'])
  expect(notes).toHaveLength(4)
})

test('two processes may have reminders with the same id, as copies of one have', async () => {
  const store = makeStore()
  for (const pid of [PID, 'other']) {
    store.kept.set(`${pid} x`, { id: 'x', pid, method: 'wake', body: body(pid), dueAt: START + 1 })
  }
  const { reminders, delivered } = await start(store)
  expect(reminders.of(PID)).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(delivered.map((each) => each.body)).toEqual([PID, 'other'])
})
