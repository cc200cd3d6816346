import type { BinaryReader } from './binary-reader.ts'

/** Instructions that begin a block: block, loop, if, try, try_table. */
const BEGINS_BLOCK: ReadonlySet<number> = new Set([0x02, 0x03, 0x04, 0x06, 0x1f])

/** What compilers have for a block beside its locals, in locals (V8). */
const LOCALS_OF_A_BLOCK = 160

/**
 * What a function may have: blocks times locals. A compiler notes for a block what each local is then, up to 90 bytes (V8's
 * optimising compiler, at nested loops), so this is 2.7 GB; twice as much took the tab down, with a module of 78 kB. The largest
 * that is known of a real program is half of it (Yosys, 69 MB).
 */
const MAX_BLOCKS_BY_LOCALS = 30_000_000

/**
 * Whether there is a function in a code section that may have more than that. Blocks are not counted but bytes that could begin
 * one: the constants among them make it up to twice as many.
 */
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
  // Nearly all functions are too short for that: they are not looked through.
  if (bytes * locals <= MAX_BLOCKS_BY_LOCALS) return false
  let blocks = 0
  while (!body.done) if (BEGINS_BLOCK.has(body.byte())) blocks += 1
  return blocks * locals > MAX_BLOCKS_BY_LOCALS
}
