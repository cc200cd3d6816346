import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ACTOR_CSP, FIRST_PICTURE_SCRIPT, headersFor, PAGE_CSP } from './headers.ts'

test.each(['', '/', 'index.html', '/index.html'])('the page %j has the page policy and cannot be framed', (path) => {
  const headers = headersFor(path)
  expect(headers['content-security-policy']).toBe(`${PAGE_CSP}; frame-ancestors 'none'`)
  expect(headers['cross-origin-embedder-policy']).toBe('require-corp')
  expect(headers['permissions-policy']).toContain('camera=(), ')
  expect(headers['permissions-policy']).not.toMatch(/clipboard-write|cross-origin-isolated|local-network|web-share/)
  expect(headers['cache-control']).toBe('no-cache')
})

test.each(['/actor.js', '/recorder.js'])(
  'the actor worker %s has its own policy, and is isolated as the page is',
  (path) => {
    const headers = headersFor(path)
    expect(headers['content-security-policy']).toBe(ACTOR_CSP)
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp')
  },
)

test('hashed assets never change; everything else is checked again', () => {
  expect(headersFor('assets/index-B1x.js')['cache-control']).toContain('immutable')
  expect(headersFor('sw.js')['cache-control']).toBe('no-cache')
  expect(headersFor('actors/root.wasm')['cache-control']).toBe('no-cache')
})

test('every file is nosniff and belongs to this origin', () => {
  for (const path of ['', 'assets/a.js', 'sw.js', 'actor.js', 'icon.svg']) {
    expect(headersFor(path)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})

test('the page allows the one script that stands in it, and no other', () => {
  const hash = createHash('sha256').update(FIRST_PICTURE_SCRIPT).digest('base64')
  expect(PAGE_CSP).toContain(`script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}';`)
})
