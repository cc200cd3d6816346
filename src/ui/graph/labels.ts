/** A box on the canvas, in px. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A text that may be shown at a place. */
export interface Label {
  /** Of several with one id, one is shown at most. */
  readonly id: string
  readonly text: string
  readonly box: Box
  /** The greatest come first. */
  readonly weight: number
}

/** Most labels at once. More are slow to draw, and nobody reads them. */
const MOST = 90

/**
 * The labels for which there is room: they cover neither each other nor what must be seen. Those that were shown before
 * come first, so that they do not flicker while the nodes move.
 */
export function labelsWithRoom(labels: readonly Label[], taken: readonly Box[], before: ReadonlySet<string>): Label[] {
  const rankOf = ({ id, weight }: Label): number => weight + (before.has(id) ? 0.5 : 0)
  const shown: Label[] = []
  const ids = new Set<string>()
  for (const label of labels.toSorted((a, b) => rankOf(b) - rankOf(a))) {
    if (shown.length === MOST) break
    const isFree = (box: Box): boolean => !overlap(box, label.box)
    if (ids.has(label.id) || !taken.every(isFree) || !shown.every(({ box }) => isFree(box))) continue
    ids.add(label.id)
    shown.push(label)
  }
  return shown
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}
