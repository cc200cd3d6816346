import { expect, test } from 'vitest'
import { ProcessLog } from './process-log.ts'

function makeLog() {
  const changes: number[] = []
  const log: ProcessLog = new ProcessLog(() => changes.push(log.lines.length))
  const texts = () => log.lines.map(({ text }) => text)
  const write = (text: string) => log.write(new TextEncoder().encode(text))
  return { log, changes, texts, write }
}

test('stderr becomes lines as they end, however it is cut', () => {
  const { log, changes, texts, write } = makeLog()
  write('fir')
  write('st\nsecond\n\nthi')
  expect(texts()).toEqual(['first', 'second', ''])
  expect(log.lines[0]).toMatchObject({ source: 'stderr', at: expect.any(Number) as unknown })
  write('rd\n')
  expect(texts()).toEqual(['first', 'second', '', 'third'])
  expect(changes).toEqual([3, 4])
})

test('a character that is cut in two is whole', () => {
  const { log, texts } = makeLog()
  for (const byte of new TextEncoder().encode('größe €\n')) log.write(Uint8Array.of(byte))
  expect(texts()).toEqual(['größe €'])
})

test('what a message leaves without a line end is a line when it is flushed, once', () => {
  const { log, texts, write } = makeLog()
  write('no end')
  expect(texts()).toEqual([])
  log.flush()
  log.flush()
  expect(texts()).toEqual(['no end'])
})

test('a character that a message leaves unfinished does not run into the next message', () => {
  const { log, texts, write } = makeLog()
  log.write(new TextEncoder().encode('€').subarray(0, 2))
  log.flush()
  write('next\n')
  expect(texts()).toEqual(['\uFFFD', 'next'])
})

test.each(['', '\n'])('a line of 10,000 characters is broken, with %j at its end', (end) => {
  const { log, texts, write } = makeLog()
  write('x'.repeat(10_000) + end)
  log.flush()
  expect(texts().map(({ length }) => length)).toEqual([4096, 4096, 1808])
})

test('what happened to it is broken into lines as well', () => {
  const { log, texts } = makeLog()
  log.add('process', 'x'.repeat(5000))
  log.add('process', '')
  expect(texts().map(({ length }) => length)).toEqual([4096, 904, 0])
})

test('the lines of an earlier page come before those of this one', () => {
  const { log, texts } = makeLog()
  log.add('process', 'now')
  log.restore([{ at: 1, source: 'stderr', text: 'before' }])
  expect(texts()).toEqual(['before', 'now'])
})

test('a line of exactly the longest length is one line', () => {
  const { texts, write } = makeLog()
  write(`${'x'.repeat(4096)}\n`)
  expect(texts()).toHaveLength(1)
})

test('only the last 500 lines are kept, and a view sees that they are others', () => {
  const { log, texts, write } = makeLog()
  write(Array.from({ length: 700 }, (_, i) => `${i}\n`).join(''))
  const before = log.lines
  log.add('process', 'stopped')
  expect(texts()).toHaveLength(500)
  expect(texts().at(0)).toBe('201')
  expect(log.lines.at(-1)).toMatchObject({ source: 'process', text: 'stopped' })
  expect(log.lines).not.toBe(before)
})
