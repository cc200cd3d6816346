import { expect, test } from 'vitest'
import { Layout, RADIUS } from './layout.ts'
import { largeGraph, SELF } from './test-mesh.ts'

function settled(nodes: number, ties = 0): Layout {
  const layout = new Layout()
  layout.update(largeGraph(nodes, ties))
  settle(layout)
  return layout
}

function settle(layout: Layout): void {
  for (let i = 0; i < 1000 && !layout.isSettled; i++) layout.tick()
  expect(layout.isSettled).toBe(true)
}

function placesOf(layout: Layout): Map<string, { x: number; y: number }> {
  return new Map([...layout.places].map(([id, { x, y }]) => [id, { x, y }]))
}

test('no node covers another one, and this tab is in the middle', () => {
  const places = [...settled(60, 40).places.values()]
  for (const [i, a] of places.entries()) {
    for (const b of places.slice(i + 1)) {
      expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(RADIUS[a.kind] + RADIUS[b.kind])
    }
  }
  expect(places.find(({ id }) => id === SELF)).toMatchObject({ x: 0, y: 0 })
})

test('the others hardly move when a node comes, and not at all when one goes', () => {
  const layout = settled(40)
  const before = placesOf(layout)
  layout.update(largeGraph(41, 0))
  settle(layout)
  const moved = [...before].map(([id, { x, y }]) => {
    const now = layout.places.get(id)
    return Math.hypot((now?.x ?? NaN) - x, (now?.y ?? NaN) - y)
  })
  // They are some 70 apart.
  expect(Math.max(...moved)).toBeLessThan(25)
  const then = placesOf(layout)
  layout.update(largeGraph(20, 0))
  expect(layout.isSettled).toBe(true)
  for (const [id, { x, y }] of layout.places) expect({ x, y }).toEqual(then.get(id))
})

test('a node stays where it was dragged to, until the nodes are arranged again', () => {
  const layout = settled(10)
  layout.drag('p3', { x: 400, y: 300 }, true)
  expect(layout.isSettled).toBe(false)
  settle(layout)
  expect(layout.places.get('p3')).toMatchObject({ x: 400, y: 300 })
  layout.arrange()
  settle(layout)
  expect(layout.places.get('p3')?.x).toBeLessThan(300)
})
