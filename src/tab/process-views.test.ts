import { expect, test } from 'vitest'
import type { ProcessEntry } from '../actors/table/process-entry.ts'
import { ProcessViews } from './process-views.ts'

interface Given {
  record?: Partial<ProcessEntry['record']>
  messages?: number
}

/** What is looked at of a process of the table. */
function entry(pid: string, { record, messages = 0 }: Given = {}): ProcessEntry {
  const whole = { pid, name: `name of ${pid}`, root: false, methods: ['run'], ...record }
  const proc = { messages, waiting: 0, p50Ms: undefined, memoryBytes: undefined, hasKeys: false }
  return { record: whole, proc, state: 'cold', persisted: true } as unknown as ProcessEntry
}

function called(of: ProcessEntry, messages: number): ProcessEntry {
  return { ...of, proc: { ...of.proc, messages } } as unknown as ProcessEntry
}

const thousand = Array.from({ length: 1000 }, (_, i) => entry(`p${i}`))

test('a call of one process among a thousand makes one view', () => {
  const views = new ProcessViews()
  const before = views.of(thousand)
  expect(before).toHaveLength(1000)
  const [first = entry('')] = thousand
  const after = views.of(thousand.with(0, called(first, 7)))
  expect(after.filter((view, i) => view !== before[i])).toEqual([{ ...before[0], messages: 7 }])
})

test('while nothing has changed that is shown, the views are the same array', () => {
  const views = new ProcessViews()
  const before = views.of(thousand)
  expect(views.of([...thousand])).toBe(before)
  // A record that was written again and says the same.
  const [first = entry('')] = thousand
  expect(views.of(thousand.with(0, { ...first, record: { ...first.record } } as ProcessEntry))).toBe(before)
})

test('an error, a name, a watch and a process that comes or goes are seen', () => {
  const views = new ProcessViews()
  const [a, b] = [entry('a'), entry('b')]
  views.of([a, b])
  const lastError = {
    error: { code: 'ERR_TRAP', message: 'It trapped.' },
    at: 1,
  } as unknown as ProcessEntry['lastError']
  expect(views.of([{ ...a, lastError } as ProcessEntry, b])[0]?.lastError).toEqual({
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
