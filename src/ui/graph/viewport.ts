/** A point, in the graph's own measure or in px of the canvas. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** What part of the graph is seen: a point of it is at `point * scale + (x, y)` on the canvas. */
export interface Viewport extends Point {
  readonly scale: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

const MIN_SCALE = 0.08
const MAX_SCALE = 4
/** A small graph is not blown up further than that. */
const MAX_FIT = 1.4
/** Room around the graph, in px, for labels too. */
const MARGIN = 48

export function toCanvas({ x, y, scale }: Viewport, point: Point): Point {
  return { x: point.x * scale + x, y: point.y * scale + y }
}

export function toGraph({ x, y, scale }: Viewport, point: Point): Point {
  return { x: (point.x - x) / scale, y: (point.y - y) / scale }
}

/** Zooms such that the point of the graph beneath `at` stays there. */
export function zoomed(view: Viewport, at: Point, factor: number): Viewport {
  const scale = Math.max(MIN_SCALE, Math.min(view.scale * factor, MAX_SCALE))
  const point = toGraph(view, at)
  return { scale, x: at.x - point.x * scale, y: at.y - point.y * scale }
}

/** Shows all points. */
export function fitted(points: Iterable<Point>, { width, height }: Size): Viewport {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { x, y } of points) {
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  if (left > right) return { x: width / 2, y: height / 2, scale: 1 }
  const scale = Math.max(MIN_SCALE, Math.min(scaleFor(width, right - left), scaleFor(height, bottom - top), MAX_FIT))
  return { scale, x: width / 2 - ((left + right) / 2) * scale, y: height / 2 - ((top + bottom) / 2) * scale }
}

/** Moves as little as brings a point into sight. */
export function withInSight(view: Viewport, point: Point, { width, height }: Size): Viewport {
  const { x, y } = toCanvas(view, point)
  return { ...view, x: view.x + shiftOf(x, width), y: view.y + shiftOf(y, height) }
}

function scaleFor(px: number, span: number): number {
  return Math.max(1, px - 2 * MARGIN) / Math.max(1, span)
}

function shiftOf(at: number, px: number): number {
  return Math.max(MARGIN - at, 0) + Math.min(px - MARGIN - at, 0)
}
