import type { BinaryReader } from './binary-reader.ts'
import { LIMIT_HAS_MAX, LIMIT_IS_64_BIT, readTables, type TableLimits } from './module-sections.ts'
import { leb } from './rewrite-sections.ts'

/**
 * Elements that all tables of a module together may have at the start. An element takes up to 28 bytes (V8), so this is
 * 28 MB beside the memory. It is more than the functions that engines accept in a module.
 */
export const MAX_TABLE_ELEMENTS = 1_000_000

/**
 * Elements to which the tables may grow. Chromium 156 has 1 GiB for the tables of all workers, 16 bytes per element: a
 * million elements in each of 95 processes took the tab down.
 */
export const MAX_GROWN_ELEMENTS = 262_144

/**
 * The table section with a maximum for each table, so that the engine itself refuses to grow it further. The tables
 * share equally what their start leaves of {@link MAX_GROWN_ELEMENTS}. Undefined if that cannot be done: look at the
 * result.
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

/** Elements of the tables at the start. */
export function startElements(tables: readonly TableLimits[]): number {
  return tables.reduce((sum, { initial }) => sum + initial, 0)
}

/** Elements to which the tables can grow; Infinity without a limit. */
export function mostElements(tables: readonly TableLimits[]): number {
  return tables.reduce((sum, { maximum = Infinity }) => sum + maximum, 0)
}
