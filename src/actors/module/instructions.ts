/**
 * The lengths of WebAssembly's instructions, as of WebAssembly 3.0 with threads, relaxed SIMD, legacy exceptions and
 * wide arithmetic: https://webassembly.github.io/spec/core/binary/instructions.html. Their meaning does not matter
 * here.
 */

/** What follows an opcode. A number means so many LEB128 numbers. */
type Immediates =
  | 0
  | 1
  | 2
  | 'block'
  | 'br_table'
  | 'types'
  | 'try_table'
  | 'memory'
  | 'f32'
  | 'f64'
  | 'v128'
  | 'lane'
  | 'memoryLane'
  | 'byte'

const OPCODES = byRanges([
  [0x00, 0x01, 0],
  [0x02, 0x04, 'block'],
  [0x05, 0x05, 0],
  [0x06, 0x06, 'block'],
  [0x07, 0x09, 1],
  [0x0a, 0x0b, 0],
  [0x0c, 0x0d, 1],
  [0x0e, 0x0e, 'br_table'],
  [0x0f, 0x0f, 0],
  [0x10, 0x10, 1],
  [0x11, 0x11, 2],
  [0x12, 0x12, 1],
  [0x13, 0x13, 2],
  [0x14, 0x15, 1],
  [0x18, 0x18, 1],
  [0x19, 0x1b, 0],
  [0x1c, 0x1c, 'types'],
  [0x1f, 0x1f, 'try_table'],
  [0x20, 0x26, 1],
  [0x28, 0x3e, 'memory'],
  [0x3f, 0x42, 1],
  [0x43, 0x43, 'f32'],
  [0x44, 0x44, 'f64'],
  [0x45, 0xc4, 0],
  [0xd0, 0xd0, 1],
  [0xd1, 0xd1, 0],
  [0xd2, 0xd2, 1],
  [0xd3, 0xd4, 0],
  [0xd5, 0xd6, 1],
])

/**
 * Opcodes of two parts, by the first: bulk memory and tables, SIMD, atomics. Modules with objects (0xfb) are refused in
 * any case.
 */
const PREFIXED: Readonly<Record<number, readonly (Immediates | undefined)[]>> = {
  0xfc: byRanges([
    [0, 7, 0],
    [8, 8, 2],
    [9, 9, 1],
    [10, 10, 2],
    [11, 11, 1],
    [12, 12, 2],
    [13, 13, 1],
    [14, 14, 2],
    [15, 17, 1],
    [19, 22, 0],
  ]),
  0xfd: byRanges([
    [0, 11, 'memory'],
    [12, 13, 'v128'],
    [14, 20, 0],
    [21, 34, 'lane'],
    [35, 83, 0],
    [84, 91, 'memoryLane'],
    [92, 93, 'memory'],
    [94, 0x113, 0],
  ]),
  0xfe: byRanges([
    [0, 2, 'memory'],
    [3, 3, 'byte'],
    [0x10, 0x4e, 'memory'],
  ]),
}

/** Instructions that begin a block: block, loop, if, try, try_table. */
const BEGINS_BLOCK: ReadonlySet<number> = new Set([0x02, 0x03, 0x04, 0x06, 0x1f])
/** First bytes of reference types. A heap type follows. */
const REFERENCES: ReadonlySet<number> = new Set([0x63, 0x64])
/** Bit in the alignment of a memory access: the index of a memory follows. */
const HAS_MEMORY_INDEX = 0x40
const END = 0x0b
/** Kinds of catch clauses that name no exception. */
const FIRST_CATCH_ALL = 2

/**
 * Counts the blocks in the code of a function, without its locals. After an unknown instruction the rest cannot be told
 * apart, so every byte that could begin a block counts as one.
 */
export function countBlocks(code: Uint8Array): number {
  const reader = new InstructionReader(code)
  let blocks = 0
  while (reader.at < code.length) {
    const opcode = code[reader.at] ?? 0
    if (BEGINS_BLOCK.has(opcode)) blocks += 1
    const start = reader.at
    if (!reader.skip()) return blocks + bytesThatBeginBlocks(code.subarray(start))
  }
  return blocks
}

const TABLE_SET = 0x26
const PREFIX_FC = 0xfc
/** Behind 0xfc: table.init, elem.drop, table.copy, table.grow, table.fill. */
const CHANGES_TABLE: ReadonlySet<number> = new Set([12, 13, 14, 15, 17])
const DATA_DROP = 9
const LAST_OF_BULK = 17

/**
 * Whether the code of a function, without its locals, changes something of an instance that is neither memory nor a
 * global.
 * @param tables Number of the module's tables.
 */
export function changesWhatRestoringLoses(
  code: Uint8Array,
  tables: number,
): 'table' | 'segment' | 'unknown' | undefined {
  if (!mayChange(code, tables)) return undefined
  const reader = new InstructionReader(code)
  while (reader.at < code.length) {
    const opcode = code[reader.at] ?? 0
    const second = opcode === PREFIX_FC ? new InstructionReader(code, reader.at + 1).number() : 0
    if (opcode === TABLE_SET || (opcode === PREFIX_FC && CHANGES_TABLE.has(second))) return 'table'
    if (opcode === PREFIX_FC && second === DATA_DROP) return 'segment'
    if (!reader.skip()) return 'unknown'
  }
  return undefined
}

/** Whether there are bytes that such instructions have. Nearly all functions lack them, and need not be decoded. */
function mayChange(code: Uint8Array, tables: number): boolean {
  const has = (opcode: number, isNext: (byte: number) => boolean): boolean => {
    for (let at = code.indexOf(opcode); at !== -1; at = code.indexOf(opcode, at + 1)) {
      const next = code[at + 1] ?? 0
      // A number may be written longer than it has to be.
      if (next >= 0x80 || isNext(next)) return true
    }
    return false
  }
  return (
    has(TABLE_SET, (table) => table < tables) ||
    has(PREFIX_FC, (second) => second === DATA_DROP || second > LAST_OF_BULK || CHANGES_TABLE.has(second))
  )
}

/** Length of the constant expression at the start of the code, with its end. @throws {RangeError} */
export function constantBytes(code: Uint8Array): number {
  const reader = new InstructionReader(code)
  while (code[reader.at] !== END) {
    if (reader.at >= code.length || !reader.skip()) throw new RangeError('unknown constant')
  }
  return reader.at + 1
}

function bytesThatBeginBlocks(code: Uint8Array): number {
  let count = 0
  for (const byte of code) if (BEGINS_BLOCK.has(byte)) count += 1
  return count
}

class InstructionReader {
  at: number
  readonly #code: Uint8Array

  constructor(code: Uint8Array, at = 0) {
    this.#code = code
    this.at = at
  }

  /** Goes to the next instruction. @returns whether this one is known. */
  skip(): boolean {
    const opcode = this.#code[this.at++] ?? 0
    const prefixed = PREFIXED[opcode]
    const immediates = prefixed ? prefixed[this.number()] : OPCODES[opcode]
    if (immediates === undefined) return false
    this.#skipImmediates(immediates)
    return true
  }

  #skipImmediates(immediates: Immediates): void {
    switch (immediates) {
      case 0:
        return
      case 1:
        return this.#skipNumbers(1)
      case 2:
        return this.#skipNumbers(2)
      case 'block':
        return this.#skipType()
      case 'br_table':
        // The labels, and the default label.
        return this.#skipNumbers(this.number() + 1)
      case 'types':
        for (let left = this.number(); left > 0 && !this.#done; left--) this.#skipType()
        return
      case 'try_table':
        this.#skipType()
        for (let left = this.number(); left > 0 && !this.#done; left--) this.#skipCatch()
        return
      case 'memory':
        return this.#skipMemory()
      case 'f32':
        this.at += 4
        return
      case 'f64':
        this.at += 8
        return
      case 'v128':
        this.at += 16
        return
      case 'lane':
      case 'byte':
        this.at += 1
        return
      case 'memoryLane':
        this.#skipMemory()
        this.at += 1
    }
  }

  get #done(): boolean {
    return this.at >= this.#code.length
  }

  #skipNumbers(count: number): void {
    for (let left = count; left > 0 && !this.#done; left--) {
      while ((this.#code[this.at++] ?? 0) >= 0x80);
    }
  }

  /** A value type, or the type of a block, which may be an index. */
  #skipType(): void {
    const isReference = REFERENCES.has(this.#code[this.at] ?? 0)
    this.#skipNumbers(isReference ? 2 : 1)
  }

  #skipCatch(): void {
    const kind = this.#code[this.at++] ?? 0
    this.#skipNumbers(kind < FIRST_CATCH_ALL ? 2 : 1)
  }

  #skipMemory(): void {
    const alignment = this.#code[this.at] ?? 0
    this.#skipNumbers((alignment & HAS_MEMORY_INDEX) === 0 ? 2 : 3)
  }

  /** An unsigned number of at most 32 bits. */
  number(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#code[this.at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    return value
  }
}

/** What follows each opcode, by ranges of opcodes with the same: first and last. */
function byRanges(
  ranges: readonly (readonly [first: number, last: number, immediates: Immediates])[],
): (Immediates | undefined)[] {
  const all: (Immediates | undefined)[] = []
  for (const [first, last, immediates] of ranges) {
    for (let opcode = first; opcode <= last; opcode++) all[opcode] = immediates
  }
  return all
}
