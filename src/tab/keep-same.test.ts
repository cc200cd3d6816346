import { effect, signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { isSame, setIfOther, setList } from './keep-same.ts'

test('a view does not render again for data that is equal', () => {
  const peers = signal([{ peerId: 'a', protocols: ['x'], latencyMs: undefined as number | undefined }])
  let renders = 0
  const stop = effect(() => {
    void peers.value
    renders += 1
  })
  setIfOther(peers, [{ peerId: 'a', protocols: ['x'], latencyMs: undefined }])
  expect(renders).toBe(1)
  setIfOther(peers, [{ peerId: 'a', protocols: ['x'], latencyMs: 3 }])
  expect(renders).toBe(2)
  setIfOther(peers, [])
  expect(renders).toBe(3)
  stop()
})

test.each([
  [[], {}],
  [[1], [1, 2]],
  [{ a: { b: 1 } }, { a: { b: 2 } }],
  [{ a: null }, { a: {} }],
  [{ a: undefined }, { a: 0 }],
  ['1', 1],
])('%j and %j are not equal', (one, other) => {
  expect(isSame(one, other)).toBe(false)
  expect(isSame(other, one)).toBe(false)
})

test('what is equal in a list stays the same thing, and an equal list stays', () => {
  const peers = signal<readonly { id: string; latencyMs: number }[]>([
    { id: 'a', latencyMs: 1 },
    { id: 'b', latencyMs: 2 },
  ])
  const before = peers.value
  const [a, b] = before
  const set = (...list: { id: string; latencyMs: number }[]): void => setList(peers, list, ({ id }) => id)
  set({ id: 'a', latencyMs: 1 }, { id: 'b', latencyMs: 2 })
  expect(peers.value).toBe(before)
  set({ id: 'c', latencyMs: 3 }, { id: 'b', latencyMs: 2 }, { id: 'a', latencyMs: 9 })
  expect(peers.value.map(({ id }) => id)).toEqual(['c', 'b', 'a'])
  expect(peers.value[1]).toBe(b)
  expect(peers.value[2]).not.toBe(a)
  set({ id: 'b', latencyMs: 2 })
  expect(peers.value).toEqual([b])
})
