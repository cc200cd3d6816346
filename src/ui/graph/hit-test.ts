import type { GraphEdge } from './graph-data.ts'
import type { Point } from './viewport.ts'

/** Places of the nodes, by id. */
export type Places = ReadonlyMap<string, Point>

/** The node that is nearest to a point and not farther than `reach`. A few hundred nodes take some microseconds. */
export function nodeAt(places: Places, point: Point, reach: number): string | undefined {
  let found: string | undefined
  let nearest = reach * reach
  for (const [id, { x, y }] of places) {
    const far = (x - point.x) ** 2 + (y - point.y) ** 2
    if (far <= nearest) [found, nearest] = [id, far]
  }
  return found
}

/** The edge that is nearest to a point and not farther than `reach`. */
export function edgeAt(
  edges: readonly GraphEdge[],
  places: Places,
  point: Point,
  reach: number,
): GraphEdge | undefined {
  let found: GraphEdge | undefined
  let nearest = reach * reach
  for (const edge of edges) {
    const [from, to] = [places.get(edge.from), places.get(edge.to)]
    if (!from || !to) continue
    const far = farFrom(point, from, to)
    if (far <= nearest) [found, nearest] = [edge, far]
  }
  return found
}

/** The square of the distance between a point and a line between two others. */
function farFrom(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / length
  const on = Math.max(0, Math.min(along, 1))
  return (from.x + on * dx - point.x) ** 2 + (from.y + on * dy - point.y) ** 2
}

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
}

/** The node to which an arrow key leads: near, and rather straight on than aside. Undefined if there is none. */
export function nodeTowards(places: Places, from: string, key: string): string | undefined {
  const [start, direction] = [places.get(from), DIRECTIONS[key]]
  if (!start || !direction) return undefined
  let found: string | undefined
  let best = Infinity
  for (const [id, { x, y }] of places) {
    const [dx, dy] = [x - start.x, y - start.y]
    const ahead = dx * direction.x + dy * direction.y
    const aside = Math.abs(dx * direction.y - dy * direction.x)
    if (id === from || ahead <= 0 || aside > 2 * ahead) continue
    const cost = ahead + 2 * aside
    if (cost < best) [found, best] = [id, cost]
  }
  return found
}
