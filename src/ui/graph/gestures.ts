import type { Point } from './viewport.ts'

/** A pointer that moves less, in px, presses. Fingers tremble. */
const STILL_PX: Readonly<Record<string, number>> = { mouse: 4, pen: 6, touch: 10 }

/** What gestures on the canvas do. Points are in px of the canvas. */
export interface GestureTarget {
  /** The node beneath a point. A finger needs no aim. */
  nodeAt(point: Point, isTouch: boolean): string | undefined
  /** The pointer rests over a point; undefined: it has left. */
  hover(point: Point | undefined): void
  press(point: Point, isTouch: boolean): void
  drag(node: string, point: Point): void
  pan(by: Point): void
  zoom(at: Point, factor: number): void
}

/** Makes gestures of pointers and wheel: press, drag, pan, and zoom with two fingers. @returns ends it. */
export function listenToGestures(canvas: HTMLCanvasElement, target: GestureTarget): () => void {
  const ending = new AbortController()
  const { signal } = ending
  const pointers = new Map<number, Point>()
  let start: Point = { x: 0, y: 0 }
  let held: string | undefined
  let hasMoved = false

  const pointOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = canvas.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return
    const point = pointOf(event)
    canvas.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, point)
    if (pointers.size > 1) {
      held = undefined
      hasMoved = true
      return
    }
    start = point
    hasMoved = false
    held = target.nodeAt(point, event.pointerType === 'touch')
  }
  const move = (event: PointerEvent): void => {
    const point = pointOf(event)
    const before = pointers.get(event.pointerId)
    if (!before) {
      if (event.pointerType !== 'touch') target.hover(point)
      return
    }
    const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, other]) => other)
    const [other] = others
    if (other) {
      target.zoom(middleOf(point, other), far(point, other) / Math.max(1, far(before, other)))
      const [now, then] = [middleOf(point, other), middleOf(before, other)]
      target.pan({ x: now.x - then.x, y: now.y - then.y })
    } else {
      hasMoved ||= far(point, start) > (STILL_PX[event.pointerType] ?? 4)
      if (!hasMoved) return
      if (held === undefined) target.pan({ x: point.x - before.x, y: point.y - before.y })
      else target.drag(held, point)
    }
    pointers.set(event.pointerId, point)
  }
  const up = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return
    if (!hasMoved && pointers.size === 0) target.press(pointOf(event), event.pointerType === 'touch')
    held = undefined
  }
  const cancel = ({ pointerId }: PointerEvent): void => {
    pointers.delete(pointerId)
    held = undefined
  }
  const wheel = (event: WheelEvent): void => {
    event.preventDefault()
    // Of lines, as in Firefox, or px. Two fingers on a touchpad come as a wheel with Ctrl, in small steps.
    const px = event.deltaMode === 0 ? event.deltaY : event.deltaY * 16
    target.zoom(pointOf(event), Math.exp(-px * (event.ctrlKey ? 0.01 : 0.0015)))
  }

  canvas.addEventListener('pointerdown', down, { signal })
  canvas.addEventListener('pointermove', move, { signal })
  canvas.addEventListener('pointerup', up, { signal })
  canvas.addEventListener('pointercancel', cancel, { signal })
  canvas.addEventListener('pointerleave', () => target.hover(undefined), { signal })
  canvas.addEventListener('wheel', wheel, { signal, passive: false })
  return () => ending.abort()
}

function far(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

function middleOf(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}
