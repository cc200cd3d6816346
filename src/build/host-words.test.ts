import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fromRoot } from './paths.ts'

/** Only a page runs these, or only a page can come to these words. */
const OF_PAGES = [
  'archive',
  'worker/tier.ts',
  'table/database-parts.ts',
  'table/checkpoint-writes.ts',
  'carrier/frames.ts',
]
/** A file that somebody took for a module may be a web page. */
const MAY_SAY = ['an HTML page']

/** Sentences in quotes that speak of a browser, on one line. */
const SENTENCE = /(['`])(?=[^'`]* )[^'`]*\b(?:browser|reload|tab|page)\b[^'`]*\1/i
const COMMENT = /^\s*(?:\/\/|\/?\*)/

test('what actors say is true on a host too: it has no browser, no tab and no page', () => {
  const folder = fromRoot('src/actors')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') &&
      !/(?:^|\/)test-|\.test\.ts$/.test(file) &&
      !OF_PAGES.some((name) => file.startsWith(name)),
  )
  expect(files.length).toBeGreaterThan(100)
  const found = files.flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => SENTENCE.test(line) && !COMMENT.test(line) && !line.startsWith('import '))
      .filter((line) => !MAY_SAY.some((words) => line.includes(words)))
      .map((line) => `${file}: ${line.trim()}`),
  )
  expect(found).toEqual([])
})
