import { expect, test } from 'vitest'
import type { ProcessEntry } from '../actors/table/process-entry.ts'
import { ProcessViews } from './process-views.ts'

interface Given {
  record?: Partial<ProcessEntry['record']>
  messages?: number
  lastError?: ProcessEntry['lastError']
}

/** The records, as the table has them: another object once something in it has changed. */
const records = new Map<string, object>()

/** What is looked at of a process of the table. */
function entry(pid: string, { record, messages = 0, lastError }: Given = {}): ProcessEntry {
  const known = records.get(pid)
  const whole = known && !record ? known : { pid, name: `name of ${pid}`, root: false, methods: ['run'], ...record }
  records.set(pid, whole)
  const proc = { messages, waiting: 0, p50Ms: undefined, memoryBytes: undefined, hasKeys: false }
  return { record: whole, proc, state: 'cold', persisted: true, lastError } as unknown as ProcessEntry
}

const thousand = Array.from({ length: 1000 }, (_, i) => entry(`p${i}`))

test('a call of one process among a thousand makes one view', () => {
  const views = new ProcessViews()
  const before = views.of(thousand)
  expect(before).toHaveLength(1000)
  const after = views.of(thousand.with(0, entry('p0', { messages: 7 })))
  expect(after.filter((view, i) => view !== before[i])).toEqual([{ ...before[0], messages: 7 }])
})

test('while nothing has changed that is shown, the views are the same array', () => {
  const views = new ProcessViews()
  const before = views.of(thousand)
  expect(views.of([...thousand])).toBe(before)
  // A record that was written again and says the same.
  expect(views.of(thousand.with(0, entry('p0', { record: {} })))).toBe(before)
})

test('an error, a name, a watch and a process that comes or goes are seen', () => {
  const views = new ProcessViews()
  const [a, b] = [entry('a'), entry('b')]
  views.of([a, b])
  const lastError = {
    error: { code: 'ERR_TRAP', message: 'It trapped.' },
    at: 1,
  } as unknown as ProcessEntry['lastError']
  expect(views.of([entry('a', { lastError }), b])[0]?.lastError).toEqual({
    code: 'ERR_TRAP',
    message: 'It trapped.',
    at: 1,
  })
  const watches = [{ watcher: 'a', watched: 'b', method: 'note' }] as unknown as ProcessEntry['record']['watches']
  const watching = entry('a', { record: { name: 'other', watches } })
  const [watcher, watched] = views.of([watching, b])
  expect(watcher).toMatchObject({ name: 'other', lastError: undefined, ties: [{ kind: 'watched', pid: 'b' }] })
  expect(watched?.ties).toMatchObject([{ kind: 'watcher', pid: 'a', name: 'other' }])
  expect(views.of([watching, entry('c'), b]).map(({ pid }) => pid)).toEqual(['a', 'c', 'b'])
  expect(views.of([b]).map(({ pid }) => pid)).toEqual(['b'])
})
