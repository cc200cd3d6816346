import { expect, test } from 'vitest'
import { readFiles, readKeyList, readLines, readReminders, readSnapshots, withLines } from './told-parts.ts'

const line = { at: 1, source: 'stderr', text: 'hello' } as const

test('lines of a log are read, and others left out', () => {
  expect(readLines([line, { ...line, at: '1' }, { ...line, source: 'x' }, { ...line, text: 7 }, null])).toEqual([line])
  expect(readLines({})).toEqual([])
})

test('lines that were read later go behind those that are known, which stay the same objects', () => {
  const known = [line, { ...line, at: 2 }]
  expect(withLines(known, [{ ...line, at: 2 }], false)).toBe(known)
  const later = [
    { ...line, at: 2, text: 'new' },
    { ...line, at: 3 },
  ]
  const more = withLines(known, [{ ...line, at: 2 }, ...later], false)
  expect(withLines(known, later, true)).toEqual(more)
  expect(withLines(known, [], true)).toBe(known)
  expect(more.map(({ at, text }) => [at, text])).toEqual([
    [1, 'hello'],
    [2, 'hello'],
    [2, 'new'],
    [3, 'hello'],
  ])
  expect([more[0], more[1]]).toEqual(known)
  expect(more[1]).toBe(known[1])
  expect(withLines([], [line], false)).toEqual([line])
})

test.each([undefined, null, 7, 'x', {}, [null, 7, 'x', {}, { id: {}, at: 'now', path: 7, key: [] }]])(
  'of %j nothing is taken',
  (value) => {
    expect([readLines(value), readFiles(value), readReminders(value), readSnapshots(value)]).toEqual([[], [], [], []])
    expect(readKeyList({ keys: value })).toEqual({ total: 0, keys: [] })
  },
)

test('files, snapshots, keys and reminders are read as a peer tells of them', () => {
  expect(readFiles([{ path: 'a', kind: 'file', bytes: 3 }])).toEqual([
    { path: 'a', kind: 'file', bytes: 3, version: 0 },
  ])
  const snapshot = { id: 2, at: 5, messages: 1, memoryBytes: 65_536 }
  expect(readSnapshots([snapshot, { ...snapshot, at: 1e300 }])).toEqual([snapshot])
  expect(
    readKeyList({
      total: 7,
      keys: [
        { key: 'a', state: 'idle', createdAt: 1 },
        { key: 'b', state: 'x' },
      ],
    }),
  ).toEqual({
    total: 7,
    keys: [{ key: 'a', state: 'idle', createdAt: 1 }],
  })
  const once = { id: 'x', method: 'wake', due: '2026-03-01T10:00:00.000Z' }
  expect(readReminders([once, { ...once, due: 'soon' }, { ...once, cron: '0 9 * * *' }])).toEqual([
    { id: 'x', method: 'wake', dueAt: Date.parse(once.due) },
    { id: 'x', method: 'wake', dueAt: Date.parse(once.due), cron: { pattern: '0 9 * * *', timeZone: 'UTC' } },
  ])
})
