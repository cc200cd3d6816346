import { memo } from './memo.ts'

/** The picture has 5 by 5 cells and is its own mirror image: 15 cells are free. */
const FREE_CELLS = 15
const COLUMNS = 5
/** Each free cell is empty, dark, or bright. So pictures differ in more than their outline. */
const TONES = 3
const HUES = 12
const HUE_STEP = 360 / HUES
/** The bright cells have another hue than the dark ones, at least so many steps away. */
const NEAREST_BRIGHT = 4
const BRIGHT_HUES = 5

export type Tone = 0 | 1 | 2

export interface IdenticonParts {
  /** The tone of each free cell: the left column from above, then the next two. 0: empty, 1: dark, 2: bright. */
  readonly tones: readonly Tone[]
  /** Of the ground and the dark cells, in degrees. */
  readonly hue: number
  /** Of the bright cells, in degrees. */
  readonly brightHue: number
}

/** The picture of a text. Equal texts have equal pictures. */
export function identiconOf(text: string): IdenticonParts {
  let [shape, colour] = hashesOf(text)
  const tones: Tone[] = []
  for (let i = 0; i < FREE_CELLS; i++) {
    tones.push((shape % TONES) as Tone)
    shape = Math.floor(shape / TONES)
  }
  const hue = colour % HUES
  colour = Math.floor(colour / HUES)
  const brightHue = (hue + NEAREST_BRIGHT + (colour % BRIGHT_HUES)) % HUES
  return { tones, hue: hue * HUE_STEP, brightHue: brightHue * HUE_STEP }
}

/** Two hashes of 32 bits, after cyrb53: each character changes all bits of both. */
function hashesOf(text: string): [number, number] {
  let one = 0xdeadbeef
  let two = 0x41c6ce57
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    one = Math.imul(one ^ code, 2654435761)
    two = Math.imul(two ^ code, 1597334677)
  }
  return [mixed(one, two), mixed(two, one)]
}

function mixed(a: number, b: number): number {
  return (Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)) >>> 0
}

/** The picture of an id, for people who compare two ids. Decoration: the id stands beside it. */
export const Identicon = memo(function Identicon({ text }: { text: string }) {
  const { tones, hue, brightHue } = identiconOf(text)
  // The ground is light in both themes, so the picture of an id is the same everywhere. A table has a hundred pictures,
  // so each has few elements.
  return (
    <svg class="identicon" viewBox="0 0 5 5" aria-hidden="true">
      <path d="M0 0h5v5h-5z" fill={`hsl(${hue} 45% 90%)`} />
      <path d={cellsOf(tones, 1)} fill={`hsl(${hue} 65% 32%)`} />
      <path d={cellsOf(tones, 2)} fill={`hsl(${brightHue} 72% 54%)`} />
    </svg>
  )
})

/** The cells of a tone. The mirrored cell is drawn with each. The middle column is its own mirror image. */
function cellsOf(tones: readonly Tone[], tone: Tone): string {
  return tones
    .map((each, i) => {
      const x = Math.floor(i / COLUMNS)
      const y = i % COLUMNS
      return each === tone ? cell(x, y) + cell(COLUMNS - 1 - x, y) : ''
    })
    .join('')
}

function cell(x: number, y: number): string {
  return `M${x} ${y}h1v1h-1z`
}
