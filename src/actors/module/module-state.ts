import { BinaryReader } from './binary-reader.ts'
import { changesWhatRestoringLoses, constantBytes } from './instructions.ts'
import { MEMORY, TABLE } from './module-sections.ts'
import { leb, type RewriteSection } from './rewrite-sections.ts'

const GLOBAL = 6
const EXPORT = 7
const START = 8
const CODE = 10
const HEADER_BYTES = 8

const FUNCTION_KIND = 0
const MEMORY_KIND = 2
const GLOBAL_KIND = 3

/** Begins the names of what is exported for Glia. A module with such a name of its own is not rewritten. */
const RESERVED = '_glia:'
export const MEMORY_NAME = `${RESERVED}memory`
export const START_NAME = `${RESERVED}start`

/** Most mutable globals that are exported. Each is an object of the page's engine in every instance. */
const MAX_GLOBALS = 4096

const COMMAND = '_start'

const NUMBER_TYPES = { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64' } as const
export type NumberType = (typeof NUMBER_TYPES)[keyof typeof NUMBER_TYPES]

/** A mutable global, by its index in the module. */
export interface MutableGlobal {
  index: number
  type: NumberType
}

/** What is exported of a module so that the state of an instance can be taken out and put into another one. */
export interface ModuleState {
  globals: readonly MutableGlobal[]
  hasMemory: boolean
  /** Whether its start function is exported instead of being run. It is to be called before `_initialize`. */
  hasStart: boolean
}

/** `why`: the state cannot be taken out, in words that go on after “because”. */
export type StateOfModule = ModuleState | { why: string }

export function isTakeable(state: StateOfModule): state is ModuleState {
  return !('why' in state)
}

/** Name under which a global is exported. */
export function globalName(index: number): string {
  return `${RESERVED}global:${index}`
}

/**
 * Finds out whether the state of an instance is only its memory and its numbers, and how these can be exported. Give it
 * a module whose imports are functions only.
 * @returns the state, and how its sections are rewritten.
 */
export function stateOf(bytes: Uint8Array): { state: StateOfModule; rewrite: RewriteSection | undefined } {
  try {
    const found = read(bytes)
    return { state: found.state, rewrite: rewriting(found) }
  } catch (thrown) {
    return { state: { why: thrown instanceof Untakeable ? thrown.message : UNREADABLE }, rewrite: undefined }
  }
}

class Untakeable extends Error {}

const UNREADABLE = 'it is built with instructions that Glia does not know'

interface Found {
  state: ModuleState
  start: number | undefined
}

function read(bytes: Uint8Array): Found {
  const reader = new BinaryReader(bytes, HEADER_BYTES)
  let globals: MutableGlobal[] = []
  let hasMemory = false
  let tables = 0
  let start: number | undefined
  while (!reader.done) {
    const id = reader.byte()
    const section = reader.section(reader.unsigned())
    if (id === MEMORY) hasMemory = section.unsigned() > 0
    else if (id === GLOBAL) globals = readGlobals(section)
    else if (id === EXPORT) checkNames(section)
    else if (id === START) start = section.unsigned()
    else if (id === TABLE) tables = section.unsigned()
    else if (id === CODE) checkCode(section, tables)
  }
  return { state: { globals, hasMemory, hasStart: start !== undefined }, start }
}

function readGlobals(section: BinaryReader): MutableGlobal[] {
  const found: MutableGlobal[] = []
  const count = section.unsigned()
  for (let index = 0; index < count; index++) {
    const type = NUMBER_TYPES[section.valueType() as keyof typeof NUMBER_TYPES] as NumberType | undefined
    const isMutable = section.byte() === 1
    section.section(constantBytes(section.rest))
    if (!isMutable) continue
    if (!type) throw new Untakeable('it has a variable that is no number, which Glia cannot read')
    found.push({ index, type })
  }
  if (found.length > MAX_GLOBALS) {
    throw new Untakeable(`it has ${found.length} variables outside of its memory, and Glia takes up to ${MAX_GLOBALS}`)
  }
  return found
}

function checkNames(section: BinaryReader): void {
  for (let left = section.unsigned(); left > 0; left--) {
    const name = section.name()
    section.byte()
    section.unsigned()
    if (name === COMMAND) throw new Untakeable('it is a command: each message gets a fresh instance')
    if (name.startsWith(RESERVED)) throw new Untakeable(`it exports a name that begins with ${RESERVED}`)
  }
}

/** References in tables have no identity outside of the instance, and nobody can see which data segments are dropped. */
function checkCode(section: BinaryReader, tables: number): void {
  for (let left = section.unsigned(); left > 0; left--) {
    const body = section.section(section.unsigned())
    for (let groups = body.unsigned(); groups > 0; groups--) {
      body.unsigned()
      body.valueType()
    }
    const what = changesWhatRestoringLoses(body.rest, tables)
    if (what === 'table') throw new Untakeable('it changes its tables of functions while it runs')
    if (what === 'segment') throw new Untakeable('it drops parts of its data while it runs')
    if (what === 'unknown') throw new Untakeable(UNREADABLE)
  }
}

function rewriting({ state, start }: Found): RewriteSection {
  const added: number[][] = state.globals.map(({ index }) => [
    ...nameBytes(globalName(index)),
    GLOBAL_KIND,
    ...leb(index),
  ])
  if (state.hasMemory) added.push([...nameBytes(MEMORY_NAME), MEMORY_KIND, 0])
  if (start !== undefined) added.push([...nameBytes(START_NAME), FUNCTION_KIND, ...leb(start)])
  return (id, section) => {
    if (id === START) return 'removed'
    if (id !== EXPORT || added.length === 0) return undefined
    const count = section.unsigned() + added.length
    return Uint8Array.from([...leb(count), ...section.rest, ...added.flat()])
  }
}

function nameBytes(name: string): number[] {
  const utf8 = new TextEncoder().encode(name)
  return [...leb(utf8.length), ...utf8]
}
