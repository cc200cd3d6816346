import { BinaryReader } from './binary-reader.ts'
import { hasTooLargeFunction } from './code-blocks.ts'

/** Sections of a core module that say what it asks for and offers (WebAssembly 2.0, 5.5). */
const TYPE = 1
const IMPORT = 2
const FUNCTION = 3
export const TABLE = 4
export const MEMORY = 5
const EXPORT = 7
const CODE = 10
const TAG = 13

const KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const
export type ExternalKind = (typeof KINDS)[number]

const FUNCTION_TYPE = 0x60
const I32 = 0x7f
/** i32, i64, f32, f64, v128. */
const NUMBERS: ReadonlySet<number> = new Set([I32, 0x7e, 0x7d, 0x7c, 0x7b])
export const LIMIT_HAS_MAX = 0x01
export const LIMIT_IS_64_BIT = 0x04
export const FUNCREF = 0x70
export const EXTERNREF = 0x6f
const TABLE_WITH_VALUE = 0x40

/** The part of a function's type that matters for methods and exceptions. */
export interface FunctionShape {
  parameters: number
  /** Whether all parameters are numbers. */
  takesNumbers: boolean
  /** 'none', 'i32' or anything else. */
  results: 'none' | 'i32' | 'other'
}

export interface Import {
  module: string
  name: string
  kind: ExternalKind
}

export interface Export {
  name: string
  kind: ExternalKind
  /** Only for functions. */
  shape?: FunctionShape | undefined
}

export interface MemoryLimits {
  initialPages: number
  /** Undefined: no limit. */
  maximumPages: number | undefined
  is64Bit: boolean
}

export interface TableLimits {
  /** The type of its elements, as it is written. */
  type: readonly number[]
  flags: number
  /** Elements. */
  initial: number
  /** Undefined: no limit. */
  maximum: number | undefined
}

export interface ModuleSections {
  imports: Import[]
  exports: Export[]
  /** The module's own tables. */
  tables: TableLimits[]
  /** Parameters of the module's own exceptions; undefined for a type that was not read. */
  tags: (FunctionShape | undefined)[]
  /** Whether it has types other than those of functions: objects for the browser's garbage collector. */
  hasObjects: boolean
  memories: MemoryLimits[]
  /** Whether compiling one of its functions could take all memory of the tab. */
  hasTooLargeFunction: boolean
}

/**
 * Reads what the JavaScript API does not tell: the types of exported functions and the limits of memories. Give it
 * bytes that compile: it does not validate, and skips what it does not need.
 * @throws {RangeError} if a section is cut off.
 */
export function readSections(bytes: Uint8Array): ModuleSections {
  const reader = new BinaryReader(bytes, 8)
  const found: ModuleSections = {
    imports: [],
    exports: [],
    tables: [],
    tags: [],
    hasObjects: false,
    memories: [],
    hasTooLargeFunction: false,
  }
  let types: FunctionShape[] = []
  // Indices of functions count the imported ones first.
  const functions: number[] = []
  while (!reader.done) {
    const id = reader.byte()
    const section = reader.section(reader.unsigned())
    if (id === TYPE) {
      types = readTypes(section)
      found.hasObjects = !section.done
    } else if (id === IMPORT) found.imports = section.vector(() => readImport(section, functions, found.memories))
    // One by one: a large module has more functions than a call takes arguments.
    else if (id === FUNCTION) for (const type of section.vector(() => section.unsigned())) functions.push(type)
    else if (id === TABLE) found.tables = readTables(section)
    else if (id === MEMORY) found.memories = [...found.memories, ...section.vector(() => readMemory(section))]
    else if (id === TAG) found.tags = section.vector(() => types[readTag(section)])
    else if (id === CODE) found.hasTooLargeFunction = hasTooLargeFunction(section)
    else if (id === EXPORT) {
      found.exports = section.vector(() => {
        const name = section.name()
        const kind = readKind(section)
        const index = section.unsigned()
        return kind === 'function' ? { name, kind, shape: types[functions[index] ?? -1] } : { name, kind }
      })
    }
  }
  return found
}

/** Types up to the first that is no plain function (GC types). What follows cannot be told apart here. */
function readTypes(section: BinaryReader): FunctionShape[] {
  const types: FunctionShape[] = []
  for (let left = section.unsigned(); left > 0; left--) {
    if (section.byte() !== FUNCTION_TYPE) return types
    const parameters = section.vector(() => section.valueType())
    const results = section.vector(() => section.valueType())
    const takesNumbers = parameters.every((type) => NUMBERS.has(type))
    const single = results.length === 1 && results[0] === I32 ? 'i32' : 'other'
    types.push({ parameters: parameters.length, takesNumbers, results: results.length === 0 ? 'none' : single })
  }
  return types
}

/**
 * Tables up to the first with a value at its start. Such a table has no limits here, and what follows cannot be told
 * apart.
 */
export function readTables(section: BinaryReader): TableLimits[] {
  const tables: TableLimits[] = []
  for (let left = section.unsigned(); left > 0; left--) {
    const start = section.position
    if (section.valueType() === TABLE_WITH_VALUE) {
      tables.push({ type: [], flags: TABLE_WITH_VALUE, initial: 0, maximum: undefined })
      return tables
    }
    const type = [...section.since(start)]
    tables.push({ type, ...readLimits(section) })
  }
  return tables
}

function readImport(section: BinaryReader, functions: number[], memories: MemoryLimits[]): Import {
  const found = { module: section.name(), name: section.name(), kind: readKind(section) }
  switch (found.kind) {
    case 'function':
      functions.push(section.unsigned())
      break
    case 'table':
      section.valueType()
      readLimits(section)
      break
    case 'memory':
      memories.push(readMemory(section))
      break
    case 'global':
      section.valueType()
      section.byte()
      break
    case 'tag':
      readTag(section)
      break
  }
  return found
}

/** @returns the index of its type. */
function readTag(section: BinaryReader): number {
  section.byte()
  return section.unsigned()
}

function readKind(section: BinaryReader): ExternalKind {
  const kind = KINDS[section.byte()]
  if (!kind) throw new RangeError('unknown kind of import or export')
  return kind
}

function readMemory(section: BinaryReader): MemoryLimits {
  const { flags, initial, maximum } = readLimits(section)
  return { initialPages: initial, maximumPages: maximum, is64Bit: (flags & LIMIT_IS_64_BIT) !== 0 }
}

function readLimits(section: BinaryReader): Omit<TableLimits, 'type'> {
  const flags = section.byte()
  const initial = section.unsigned()
  return { flags, initial, maximum: flags & LIMIT_HAS_MAX ? section.unsigned() : undefined }
}
