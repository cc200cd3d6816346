import { cappedMemory } from './cap-memory.ts'
import { cappedTables } from './cap-tables.ts'
import { MEMORY, TABLE } from './module-sections.ts'
import { rewriteSections } from './rewrite-sections.ts'

/**
 * The module with limits for what it can have grow: its memory, and its tables. What is no module, or has what cannot be limited
 * so, comes back as it is: look at the result.
 * @param maxMemoryBytes Largest memory, in bytes; a part of a page does not count.
 */
export function capModule(bytes: Uint8Array<ArrayBuffer>, maxMemoryBytes: number): Uint8Array<ArrayBuffer> {
  try {
    return rewriteSections(bytes, (id, section) => {
      if (id === MEMORY) return cappedMemory(section, maxMemoryBytes)
      return id === TABLE ? cappedTables(section) : undefined
    })
  } catch {
    return bytes // cut off: what compiles it says so
  }
}
