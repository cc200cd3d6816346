import { cappedMemory } from './cap-memory.ts'
import { cappedTables } from './cap-tables.ts'
import { MEMORY, TABLE } from './module-sections.ts'
import { type RewriteSection, rewriteSections } from './rewrite-sections.ts'

/**
 * The module with limits for its memory and its tables. If it is no module, or cannot be limited so, it comes back
 * unchanged: look at the result.
 * @param maxMemoryBytes Largest memory, in bytes. A part of a page does not count.
 * @param others How other sections are rewritten.
 */
export function capModule(
  bytes: Uint8Array<ArrayBuffer>,
  maxMemoryBytes: number,
  others?: RewriteSection,
): Uint8Array<ArrayBuffer> {
  try {
    return rewriteSections(bytes, (id, section) => {
      if (id === MEMORY) return cappedMemory(section, maxMemoryBytes)
      return id === TABLE ? cappedTables(section) : others?.(id, section)
    })
  } catch {
    return bytes // Cut off. The compiler will say so.
  }
}
