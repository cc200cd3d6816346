import { h, render } from 'preact'
import { expect, test } from 'vitest'
import { testDom, type TestNode } from '../kit/test-dom.ts'
import { ProcessState, type ProcessStateProps } from './process-state.tsx'

const IDLE = { state: 'idle', waiting: 0, exits: [], backoffUntil: undefined, hasKeys: false, keys: undefined } as const

function shown(process: Partial<ProcessStateProps['process']>, isShort: boolean): TestNode | null {
  const { root, element } = testDom()
  render(h(ProcessState, { process: { ...IDLE, ...process }, isShort }), element)
  return root.firstChild
}

test.each([
  ['cold', 'cold (not loaded yet)'],
  ['hibernated', 'hibernated (its memory is kept)'],
] as const)('a row says %s in a word, and its title the rest', (state, whole) => {
  const row = shown({ state, waiting: 2 }, true)
  expect(row?.textContent).toBe(`${state}, 2 waiting`)
  expect(row?.attributes['title']).toBe(`${whole}, 2 waiting`)
  expect(shown({ state }, false)?.textContent).toBe(whole)
})

test('a process with keys that is cold is not loaded', () => {
  expect(shown({ state: 'cold', hasKeys: true, keys: 3 }, true)?.textContent).toBe('not loaded, 3 keys')
})
