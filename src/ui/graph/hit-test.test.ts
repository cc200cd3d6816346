import { expect, test } from 'vitest'
import { edgeAt, nodeAt, nodeTowards } from './hit-test.ts'
import { labelsWithRoom, type Label } from './labels.ts'
import { fitted, toCanvas, toGraph, withInSight, zoomed } from './viewport.ts'

const places = new Map([
  ['middle', { x: 0, y: 0 }],
  ['right', { x: 100, y: 10 }],
  ['far right', { x: 200, y: 0 }],
  ['below', { x: 5, y: 100 }],
])

test('the nearest node within reach is hit, and beside it none', () => {
  expect(nodeAt(places, { x: 8, y: 6 }, 10)).toBe('middle')
  expect(nodeAt(places, { x: 94, y: 10 }, 10)).toBe('right')
  expect(nodeAt(places, { x: 8, y: 8 }, 10)).toBeUndefined()
  expect(nodeAt(places, { x: 60, y: 5 }, 80)).toBe('right')
})

test('an edge is hit between its ends, not beyond them', () => {
  const edges = [
    { id: 'one', kind: 'home', from: 'middle', to: 'below' },
    { id: 'other', kind: 'home', from: 'right', to: 'far right' },
    { id: 'lost', kind: 'home', from: 'right', to: 'nowhere' },
  ] as const
  expect(edgeAt(edges, places, { x: 6, y: 50 }, 6)?.id).toBe('one')
  expect(edgeAt(edges, places, { x: 150, y: 8 }, 6)?.id).toBe('other')
  expect(edgeAt(edges, places, { x: 215, y: 0 }, 6)).toBeUndefined()
})

test('an arrow key leads to the next node in its direction', () => {
  expect(nodeTowards(places, 'middle', 'ArrowRight')).toBe('right')
  expect(nodeTowards(places, 'right', 'ArrowRight')).toBe('far right')
  expect(nodeTowards(places, 'middle', 'ArrowDown')).toBe('below')
  expect(nodeTowards(places, 'middle', 'ArrowUp')).toBeUndefined()
  expect(nodeTowards(places, 'gone', 'ArrowUp')).toBeUndefined()
})

const size = { width: 400, height: 300 }

test('everything fits, and what was zoomed at stays beneath the pointer', () => {
  const view = fitted(places.values(), size)
  for (const place of places.values()) {
    const { x, y } = toCanvas(view, place)
    expect([x > 0, x < size.width, y > 0, y < size.height]).toEqual([true, true, true, true])
  }
  const at = { x: 120, y: 80 }
  const before = toGraph(view, at)
  const after = toGraph(zoomed(view, at, 1.7), at)
  expect(after.x).toBeCloseTo(before.x)
  expect(after.y).toBeCloseTo(before.y)
  expect(fitted([], size)).toEqual({ x: 200, y: 150, scale: 1 })
})

test('a node that is out of sight is brought in, and one in sight moves nothing', () => {
  const view = { x: 0, y: 0, scale: 1 }
  expect(withInSight(view, { x: 200, y: 150 }, size)).toEqual(view)
  const { x, y } = toCanvas(withInSight(view, { x: 900, y: -50 }, size), { x: 900, y: -50 })
  expect([x < size.width, y > 0]).toEqual([true, true])
})

test('labels cover neither each other nor nodes; those that were shown stay', () => {
  const label = (id: string, x: number, weight = 1): Label => ({
    id,
    text: id,
    weight,
    box: { x, y: 0, width: 40, height: 16 },
  })
  const labels = [label('a', 0), label('b', 20), label('c', 50, 2), label('d', 200)]
  const taken = [{ x: 190, y: 0, width: 20, height: 20 }]
  const ids = (before: string[]): string[] => labelsWithRoom(labels, taken, new Set(before)).map(({ id }) => id)
  expect(ids([])).toEqual(['c', 'a'])
  const touching = [label('a', 0), label('b', 20)]
  expect(labelsWithRoom(touching, [], new Set(['b'])).map(({ id }) => id)).toEqual(['b'])
})
