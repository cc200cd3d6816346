/** Rows that a list begins with, and gets more of at a time: a thousand of them take longer to lay out than to make. */
export const ROWS = 100

/** The first so many, and the chosen one wherever it is: one that was just made is the last. */
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
