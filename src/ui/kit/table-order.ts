/** By which column a table is sorted, and in which direction. */
export interface Sort {
  readonly column: string
  readonly down: boolean
}

/** The next order when the head of a column is pressed: up, down, then as before. */
export function nextSort(now: Sort | undefined, column: string): Sort | undefined {
  if (now?.column !== column) return { column, down: false }
  return now.down ? undefined : { column, down: true }
}

/** The rows in the order of a column. Equal rows stay as they are. */
export function sorted<Row>(rows: readonly Row[], compare: (a: Row, b: Row) => number, down: boolean): Row[] {
  return rows.toSorted(down ? (a, b) => compare(b, a) : compare)
}

/**
 * The rows in the order in which they were shown, the new ones last: nothing moves under the hand of a person.
 * @param before The keys of the rows that were shown, in their order.
 */
export function inOrderOf<Row>(before: readonly string[], rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const places = new Map(before.map((key, place) => [key, place]))
  const placeOf = (row: Row): number => places.get(keyOf(row)) ?? before.length
  return rows.toSorted((a, b) => placeOf(a) - placeOf(b))
}

let collator: Intl.Collator | undefined

/** Compares texts as a person sorts them: `a2` before `a10`. */
export function byText<Row>(textOf: (row: Row) => string): (a: Row, b: Row) => number {
  return (a, b) => {
    // Not before it is needed: the browser takes 10 ms for it.
    collator ??= new Intl.Collator('en', { numeric: true })
    return collator.compare(textOf(a), textOf(b))
  }
}

/** Compares numbers. What is unknown comes before all numbers. */
export function byNumber<Row>(numberOf: (row: Row) => number | undefined): (a: Row, b: Row) => number {
  return (a, b) => (numberOf(a) ?? -Infinity) - (numberOf(b) ?? -Infinity) || 0
}

/** Whether each word that a person typed is somewhere in the texts. */
export function matches(typed: string, texts: readonly string[]): boolean {
  const words = typed.toLowerCase().split(/\s+/)
  const all = texts.join('\n').toLowerCase()
  return words.every((word) => all.includes(word))
}
