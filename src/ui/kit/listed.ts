/**
 * Rows that a list begins with, and that each press of the button adds. The layout of a thousand rows takes longer than
 * making them.
 */
export const ROWS = 100

/** The first rows, and the chosen row wherever it is: a process that was just made is the last. */
export function listed<T extends { readonly pid: string }>(
  all: readonly T[],
  limit: number,
  chosen: string | undefined,
): readonly T[] {
  if (all.length <= limit) return all
  const first = all.slice(0, limit)
  const later = all.slice(limit).find(({ pid }) => pid === chosen)
  return later ? [...first, later] : first
}
