import { expect, test } from 'vitest'
import { MAX_TEXT, readKept } from './playground-state.ts'

const SKETCH = { name: 'mine', text: 'export function a(): void {}', pid: 'x' }

test('what was kept comes back', () => {
  expect(readKept(JSON.stringify({ chosen: 'echo', sketches: { echo: SKETCH } }))).toEqual({
    chosen: 'echo',
    sketches: { echo: SKETCH },
  })
})

test.each([
  '',
  'null',
  '[]',
  '{"sketches":7}',
  '{"sketches":{"echo":null}}',
  '{"sketches":{"echo":{"name":1,"text":""}}}',
  '{"sketches":{"other":{"name":"a","text":""}}}',
  JSON.stringify({ sketches: { echo: { ...SKETCH, text: 'x'.repeat(MAX_TEXT + 1) } } }),
  JSON.stringify({ sketches: { echo: { ...SKETCH, pid: 5 } } }),
])('%.60s gives no sketch', (json) => {
  expect(readKept(json).sketches).toEqual({})
})
