/** A run of rows that are shown, or the height of a run of rows that are not. */
export type Piece = { readonly row: number } | { readonly gap: number; readonly at: number }

/**
 * What a table with many rows of one height puts on the page: the rows in sight with some around them, the row that has
 * the focus wherever it is, and gaps in place of all others.
 * @param count Number of rows.
 * @param first First row in sight.
 * @param last First row behind those in sight.
 * @param kept Place of a row that is shown in any case; -1: there is none.
 */
export function piecesOf(count: number, first: number, last: number, kept: number): Piece[] {
  const [from, to] = [Math.max(0, Math.min(first, count)), Math.min(count, last)]
  const rows = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
  if (kept >= 0 && kept < count) {
    if (kept < from) rows.unshift(kept)
    else if (kept >= to) rows.push(kept)
  }
  const pieces: Piece[] = []
  let at = 0
  for (const row of rows) {
    if (row > at) pieces.push({ gap: row - at, at })
    pieces.push({ row })
    at = row + 1
  }
  if (at < count) pieces.push({ gap: count - at, at })
  return pieces
}

/** A row at the top of what is in sight: its key, and how much of it is scrolled away, in px. */
export interface TopRow {
  readonly key: string
  readonly hiddenPx: number
}

/**
 * The row at the top; undefined if nothing is scrolled away: a person at the top wants to see new rows.
 * @param keyAt The key of the row at a place.
 */
export function topRowOf(
  keyAt: (place: number) => string | undefined,
  scrollTop: number,
  rowPx: number,
): TopRow | undefined {
  const key = keyAt(Math.floor(scrollTop / rowPx))
  return key === undefined || scrollTop <= 0 ? undefined : { key, hiddenPx: scrollTop % rowPx }
}

/**
 * Where to scroll so that the row is at the top again; undefined if it is gone.
 * @param placeOf The place of a key; -1: it has none.
 */
export function scrollOf(
  placeOf: (key: string) => number,
  { key, hiddenPx }: TopRow,
  rowPx: number,
): number | undefined {
  const place = placeOf(key)
  return place < 0 ? undefined : place * rowPx + hiddenPx
}

/**
 * Where to scroll a box of rows, so that it moves as little as shows a whole row beneath the head.
 * @param row Place of the row.
 * @param scrollTop Where the box is now, in px.
 * @param boxPx Height of the box with its head, which is as high as a row; 0: not known.
 */
export function scrollTopFor(row: number, scrollTop: number, boxPx: number, rowPx: number): number {
  const [top, bottom] = [row * rowPx, (row + 1) * rowPx]
  const roomPx = Math.max(rowPx, boxPx - rowPx)
  if (top < scrollTop) return top
  return bottom > scrollTop + roomPx ? bottom - roomPx : scrollTop
}
