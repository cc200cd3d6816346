import { isMethodName } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { mib, PAGE_BYTES } from './cap-memory.ts'
import { capModule } from './cap-module.ts'
import { MAX_TABLE_ELEMENTS, mostElements, startElements } from './cap-tables.ts'
import { type Export, EXTERNREF, FUNCREF, type Import, readSections, type ModuleSections } from './module-sections.ts'
import { type StateOfModule, stateOf } from './module-state.ts'
import { NO_METHODS, NOT_A_MODULE, ONLY_WASI } from './refusals.ts'
import { cut } from './trap-text.ts'
import { isProvided, WASI_MODULE } from './wasi-names.ts'

const MAGIC = [0x00, 0x61, 0x73, 0x6d]
const CORE_VERSION = [0x01, 0x00, 0x00, 0x00]
/** Layer of the component model in a binary, behind a version of two bytes. */
const COMPONENT_LAYER = [0x01, 0x00]

/**
 * Helpers that look like methods: of Binaryen's asyncify pass, which TinyGo's scheduler uses, and of wasi-vfs, with
 * which interpreters carry their library in the module.
 */
const TOOLCHAIN_EXPORT = /^asyncify_|^wasi_vfs_pack_fs$/

/** Functions of WASI that do not touch the memory. */
const WITHOUT_MEMORY: ReadonlySet<string> = new Set(['proc_exit', 'sched_yield', 'proc_raise', 'fd_close'])

/** Most methods of a module. Each is in the record of its process, and in the page's list. */
const MAX_METHODS = 1024
/** Most imports of a module, repeated ones included. */
const MAX_IMPORTS = 1024
/** Longest name or reason in a message, in UTF-16 units. A module may have names of 100,000 bytes. */
const MAX_SHOWN = 300
/** Most numbers in an exception. Compilers use one. */
const MAX_EXCEPTION_NUMBERS = 16

const NO_64_BIT = 'The module has a 64-bit memory. WASI preview 1 is 32-bit: build it for wasm32.'

const TOO_LARGE_FUNCTION =
  'The module has a function with so many blocks and variables that compiling it could take all of the memory here. ' +
  'Split the function, or build the module with optimisation if it is built without.'

/** What a module needs, as it says itself. */
export interface ModuleAsks {
  imports: Import[]
  /** Memory at its start, in bytes. */
  startMemoryBytes: number
  /** The size to which its memory would grow, in bytes; undefined without a limit. */
  maxMemoryBytes: number | undefined
}

/** A module that Glia can run. */
export interface InspectedModule {
  /** Compiled, with the cap as the maximum of its memory. */
  module: WebAssembly.Module
  /** The size to which its memory can grow, in bytes; undefined if it cannot grow. */
  memoryLimitBytes: number | undefined
  /** The cap with which it was compiled, in bytes. */
  maxMemoryBytes: number
  /** What the module asks for itself. */
  asks: ModuleAsks
  /** How the state of an instance is taken out, or why it cannot be. */
  state: StateOfModule
  /** Names of the exports that are methods, in the module's order. */
  methods: string[]
}

/**
 * Compiles a module with a cap on its memory and finds its methods, or refuses it. The actor worker has only these
 * words for a refusal; the page adds to them (`inspect.ts`).
 * @param maxMemoryBytes Largest memory, at the start and later.
 * @param allowStart Whether the module may have what it asks for at its start, if that is more.
 * @throws {GliaError} ERR_BAD_MODULE
 */
export async function inspectCore(
  bytes: Uint8Array<ArrayBuffer>,
  maxMemoryBytes: number,
  allowStart = false,
): Promise<InspectedModule> {
  checkHeader(bytes)
  const uncapped = trySections(bytes)
  const asks = asksOf(uncapped)
  // Checks that come before compiling, which takes long. The imports come first: they name the toolchain.
  if (uncapped) checkImports(uncapped)
  // Not every browser compiles functions lazily.
  if (uncapped?.hasTooLargeFunction) throw bad(TOO_LARGE_FUNCTION)
  const cap = allowStart ? Math.max(maxMemoryBytes, asks.startMemoryBytes) : maxMemoryBytes
  const { state, rewrite } = stateOf(bytes)
  const capped = capModule(bytes, cap, rewrite)
  const module = await compile(capped)
  const sections = readSections(capped)
  checkExportedMemory(sections)
  checkMemory(sections, cap)
  checkTables(sections)
  checkObjects(sections)
  const methods = findMethods(sections)
  return { module, memoryLimitBytes: memoryLimit(sections), maxMemoryBytes: cap, asks, state, methods }
}

/** Undefined if it is cut off, or no module. Compiling it says so. */
function trySections(bytes: Uint8Array): ModuleSections | undefined {
  try {
    return readSections(bytes)
  } catch {
    return undefined
  }
}

function asksOf(sections: ModuleSections | undefined): ModuleAsks {
  if (!sections) return { imports: [], startMemoryBytes: 0, maxMemoryBytes: 0 }
  const { imports, memories } = sections
  const { initialPages, maximumPages } = memories[0] ?? { initialPages: 0, maximumPages: 0 }
  const maxMemoryBytes = maximumPages === undefined ? undefined : maximumPages * PAGE_BYTES
  return { imports, startMemoryBytes: initialPages * PAGE_BYTES, maxMemoryBytes }
}

function checkHeader(bytes: Uint8Array): void {
  if (bytes.length === 0) throw bad('The file is empty.')
  if (!startsWith(bytes, 0, MAGIC)) throw bad(NOT_A_MODULE)
  if (startsWith(bytes, 6, COMPONENT_LAYER)) {
    throw bad(
      'This is a WebAssembly component. Glia runs core modules: build for wasm32-wasip1 (WASI preview 1) instead.',
    )
  }
  if (!startsWith(bytes, 4, CORE_VERSION))
    throw bad('The module is cut off, or of a version of WebAssembly that is not 1.')
}

async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes)
  } catch (cause) {
    if (has64BitMemory(bytes)) throw bad(NO_64_BIT, cause)
    // Engines prefix their reason with the name of the API: "WebAssembly.compile(): expected …".
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/^WebAssembly\.\w+\(\):\s*/, '')
    const why = cut(reason, MAX_SHOWN)
    throw bad(`The module is damaged or cut off, or uses what cannot be run here: ${why}.`, cause)
  }
}

/** Whether the module has a 64-bit memory, which some engines do not compile (Safari 26, Node 20). */
function has64BitMemory(bytes: Uint8Array): boolean {
  return trySections(bytes)?.memories.some(({ is64Bit }) => is64Bit) ?? false
}

function checkImports({ imports }: ModuleSections): void {
  const missing = imports.find(({ module, name, kind }) => kind !== 'function' || !isProvided(module, name))
  if (missing) {
    const { module, name, kind } = missing
    const full = cut(`${module}.${name}`, MAX_SHOWN)
    const isMemory = imports.some((one) => one.kind === 'memory')
    const hint = isMemory ? ' Build it without threads and without imported memory.' : ''
    const what = kind === 'function' ? full : `the ${kind} ${full}`
    throw bad(`The module imports ${what}, which Glia does not provide. ${ONLY_WASI}${hint}`)
  }
  if (imports.length > MAX_IMPORTS) {
    throw bad(`The module has ${count(imports.length)} imports; Glia takes up to ${count(MAX_IMPORTS)}.`)
  }
}

/** A function of WASI that reads or writes memory needs a memory that is exported. */
function checkExportedMemory({ imports, exports }: ModuleSections): void {
  const needs = imports.find(({ module, name }) => module === WASI_MODULE && !WITHOUT_MEMORY.has(name))
  if (!needs || exports.some(({ name, kind }) => name === 'memory' && kind === 'memory')) return
  throw bad(
    'The module does not export its memory as “memory”, so it can neither read nor write. Link it with --export-memory.',
  )
}

function checkMemory({ memories }: ModuleSections, maxMemoryBytes: number): void {
  // The tab holds about 124 memories (Chromium 156), and a process counts as one.
  if (memories.length > 1) throw bad(`The module has ${memories.length} memories. Glia runs modules with one.`)
  for (const { initialPages, maximumPages, is64Bit } of memories) {
    if (is64Bit) throw bad(NO_64_BIT)
    const bytes = initialPages * PAGE_BYTES
    if (bytes > maxMemoryBytes) {
      throw bad(`The module asks for ${mib(bytes)} of memory at its start; the cap is ${mib(maxMemoryBytes)}.`)
    }
    if (maximumPages !== undefined && maximumPages * PAGE_BYTES <= maxMemoryBytes) continue
    throw bad('The module has a memory of a kind that Glia cannot limit. Build it without threads.')
  }
}

/**
 * Objects are in the heap of the browser's own language, which has no limit that a page could set. A full heap ends the
 * whole tab. An exception is such an object too. One that carries some numbers is small, and the number of them that a
 * guest can hold is limited. That is not true for a table of exceptions, nor for a chain in which each carries the one
 * before.
 */
function checkObjects({ hasObjects, tags, tables }: ModuleSections): void {
  if (hasObjects) {
    throw bad(
      'The module keeps objects in the memory of the engine (WebAssembly GC), which cannot be limited: when it is full, all actors here end. ' +
        'Build it for linear memory.',
    )
  }
  const isSmall = tags.every((tag) => tag !== undefined && tag.takesNumbers && tag.parameters <= MAX_EXCEPTION_NUMBERS)
  if (!isSmall) {
    throw bad(
      `The module has exceptions that carry more than ${MAX_EXCEPTION_NUMBERS} numbers. Glia cannot limit what they take.`,
    )
  }
  if (tables.some(({ type: [type] }) => type !== FUNCREF && type !== EXTERNREF)) {
    throw bad('The module has a table of references that Glia cannot limit: functions are the ones it can.')
  }
}

function checkTables({ tables }: ModuleSections): void {
  if (mostElements(tables) <= MAX_TABLE_ELEMENTS) return
  const asked = startElements(tables)
  if (asked <= MAX_TABLE_ELEMENTS) throw bad('The module has a table of a kind that Glia cannot limit.')
  throw bad(
    `The module asks for ${count(asked)} elements in its tables at its start; Glia gives a module ${count(MAX_TABLE_ELEMENTS)}.`,
  )
}

function memoryLimit({ memories: [memory] }: ModuleSections): number | undefined {
  const { initialPages = 0, maximumPages = 0 } = memory ?? {}
  return maximumPages > initialPages ? maximumPages * PAGE_BYTES : undefined
}

/** Exports of type () -> () or () -> i32 whose names do not start with `_`, and `_start`. */
function findMethods({ exports }: ModuleSections): string[] {
  const methods = exports.filter(isMethod).map(({ name }) => name)
  if (methods.length > MAX_METHODS) {
    throw bad(`The module exports ${count(methods.length)} methods; Glia takes up to ${count(MAX_METHODS)}.`)
  }
  if (methods.length > 0) return methods
  throw bad(NO_METHODS)
}

function isMethod({ name, shape }: Export): boolean {
  if (!shape || shape.parameters > 0 || shape.results === 'other') return false
  if (!isMethodName(name) || TOOLCHAIN_EXPORT.test(name)) return false
  return name === '_start' || !name.startsWith('_')
}

/** A number for people. */
function count(value: number): string {
  return value.toLocaleString('en')
}

function startsWith(bytes: Uint8Array, at: number, expected: readonly number[]): boolean {
  return expected.every((byte, i) => bytes[at + i] === byte)
}

function bad(message: string, cause?: unknown): GliaError {
  return new GliaError('ERR_BAD_MODULE', message, { cause })
}
