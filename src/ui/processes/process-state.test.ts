import { h, render } from 'preact'
import { expect, test } from 'vitest'
import { testDom, type TestNode } from '../kit/test-dom.ts'
import { ProcessState, type ProcessStateProps } from './process-state.tsx'

const IDLE = { state: 'idle', waiting: 0, exits: [], backoffUntil: undefined, keys: undefined } as const

function shown(process: Partial<ProcessStateProps['process']>): TestNode | null {
  const { root, element } = testDom()
  render(h(ProcessState, { process: { ...IDLE, ...process } }), element)
  return root.firstChild
}

test.each([
  ['cold', 'not loaded', 'not loaded'],
  ['hibernated', 'hibernated', 'hibernated (its memory is kept)'],
] as const)('a process that is %s is so in a few words, and the title has the rest', (state, words, whole) => {
  const row = shown({ state, waiting: 2 })
  expect(row?.textContent).toBe(`${words}, 2 waiting`)
  expect(row?.attributes['title']).toBe(`${whole}, 2 waiting`)
})

test.each([
  ['cold', 0, '3 keys', '3 keys, not loaded'],
  ['cold', 1, '3 keys, 1 waiting', '3 keys, not loaded, 1 waiting'],
  ['busy', 0, '3 keys, busy', '3 keys, busy'],
] as const)('of a process with keys that is %s, with %i waiting, a row has “%s”', (state, waiting, words, whole) => {
  const row = shown({ state, keys: 3, waiting })
  expect(row?.textContent).toBe(words)
  expect(row?.attributes['title']).toBe(whole)
})
