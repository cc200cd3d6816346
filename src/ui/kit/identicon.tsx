/** The picture has 5 by 5 cells and is its own mirror image: 15 cells are free. */
const FREE_CELLS = 15
const HUES = 12

/** The picture of a text: which cells are filled, and one of twelve hues. Equal texts have equal pictures. */
export function identiconOf(text: string): { cells: readonly [number, number][]; hue: number } {
  // FNV-1a. The ids are random already; the hash only spreads them.
  let hash = 0x811c9dc5
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  const bits = hash >>> 0
  const cells: [number, number][] = []
  for (let i = 0; i < FREE_CELLS; i++) {
    if (((bits >>> i) & 1) === 0) continue
    const x = Math.floor(i / 5)
    const y = i % 5
    cells.push([x, y])
    if (x < 2) cells.push([4 - x, y])
  }
  return { cells, hue: ((bits >>> FREE_CELLS) % HUES) * (360 / HUES) }
}

/** The picture of an id, for people who compare two ids. Decoration: the id stands beside it. */
export function Identicon({ text }: { text: string }) {
  const { cells, hue } = identiconOf(text)
  return (
    <svg class="identicon" viewBox="0 0 5 5" aria-hidden="true">
      <rect width="5" height="5" fill={`hsl(${hue} 45% 88%)`} />
      {cells.map(([x, y]) => (
        <rect key={`${x},${y}`} x={x} y={y} width="1" height="1" fill={`hsl(${hue} 50% 42%)`} />
      ))}
    </svg>
  )
}
