import type { BinaryReader } from './binary-reader.ts'
import { LIMIT_HAS_MAX, LIMIT_IS_64_BIT, readTables, type TableLimits } from './module-sections.ts'
import { leb } from './rewrite-sections.ts'

/**
 * Elements that the tables of a module may have together at their start. An element takes up to 28 bytes (V8), so these are 28 MB
 * beside the memory; they are more than the functions that engines take in a module.
 */
export const MAX_TABLE_ELEMENTS = 1_000_000

/**
 * Elements that they grow to. Chromium has 1 GiB for the tables of all workers (16 bytes of it an element): a million each in 95
 * processes took the tab down.
 */
export const MAX_GROWN_ELEMENTS = 262_144

/**
 * The table section with a maximum for each table, so that the engine itself refuses to grow it further: what they leave of
 * {@link MAX_GROWN_ELEMENTS} at their start is shared alike among them. undefined if that cannot be: look at the result.
 */
export function cappedTables(section: BinaryReader): number[] | undefined {
  const tables = readTables(section)
  const start = startElements(tables)
  const known = LIMIT_HAS_MAX | LIMIT_IS_64_BIT
  if (start > MAX_TABLE_ELEMENTS || tables.some(({ flags }) => (flags & ~known) !== 0)) return undefined
  const more = Math.floor(Math.max(0, MAX_GROWN_ELEMENTS - start) / tables.length)
  const content = leb(tables.length)
  for (const { type, flags, initial, maximum = Infinity } of tables) {
    content.push(...type, flags | LIMIT_HAS_MAX, ...leb(initial), ...leb(Math.min(maximum, initial + more)))
  }
  return content
}

/** Elements that tables have at their start. */
export function startElements(tables: readonly TableLimits[]): number {
  return tables.reduce((sum, { initial }) => sum + initial, 0)
}

/** What they can grow to; Infinity if that has no limit. */
export function mostElements(tables: readonly TableLimits[]): number {
  return tables.reduce((sum, { maximum = Infinity }) => sum + maximum, 0)
}
