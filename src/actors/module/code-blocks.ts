import type { BinaryReader } from './binary-reader.ts'
import { countBlocks } from './instructions.ts'

/** What a compiler needs for a block beside its locals, counted in locals (V8). */
const LOCALS_OF_A_BLOCK = 160

/**
 * Largest function: blocks times locals. For each block a compiler notes the state of each local, up to 90 bytes (V8's
 * optimising compiler, for nested loops), so this is 2.7 GB. Twice as much took the tab down, with a module of 78 kB
 * (Chromium 156). Real programs have far less: LLVM (75 MB) up to 1 million.
 */
const MAX_BLOCKS_BY_LOCALS = 30_000_000

/** Whether a code section has a larger function. */
export function hasTooLargeFunction(section: BinaryReader): boolean {
  for (let left = section.unsigned(); left > 0; left--) {
    const bytes = section.unsigned()
    if (isTooLarge(section.section(bytes), bytes)) return true
  }
  return false
}

function isTooLarge(body: BinaryReader, bytes: number): boolean {
  let locals = LOCALS_OF_A_BLOCK
  for (let groups = body.unsigned(); groups > 0; groups--) {
    locals += body.unsigned()
    body.valueType()
  }
  // Nearly all functions are too short for that, and are not read.
  if (bytes * locals <= MAX_BLOCKS_BY_LOCALS) return false
  return countBlocks(body.rest) * locals > MAX_BLOCKS_BY_LOCALS
}
