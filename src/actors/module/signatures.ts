import { BinaryReader } from './binary-reader.ts'

const TYPE = 1
const IMPORT = 2
const FUNCTION = 3
const EXPORT = 7
const FUNCTION_TYPE = 0x60
const FUNCTION_KIND = 0
/** Signatures that fit into a sentence. */
const MAX_TOLD = 3
/** Longest name, and longest list of types, in a signature. */
const MAX_SHOWN = 60

const NAMES: Readonly<Record<number, string>> = {
  0x7f: 'i32',
  0x7e: 'i64',
  0x7d: 'f32',
  0x7c: 'f64',
  0x7b: 'v128',
  0x70: 'funcref',
  0x6f: 'externref',
}

/**
 * The first exported functions with their types, as `add(i32, i32) -> i32`, for a module without methods. Names that
 * begin with `_` are left out, unless there are no others.
 */
export function signatures(bytes: Uint8Array, imported: number): string[] {
  const reader = new BinaryReader(bytes, 8)
  let types: string[] = []
  let functions: number[] = []
  let found: { name: string; index: number }[] = []
  while (!reader.done) {
    const id = reader.byte()
    const section = reader.section(reader.unsigned())
    if (id === TYPE) types = readTypes(section)
    // Imported functions count first. None of them is exported as a method.
    else if (id === IMPORT) functions = Array<number>(imported).fill(-1)
    else if (id === FUNCTION) for (let left = section.unsigned(); left > 0; left--) functions.push(section.unsigned())
    else if (id === EXPORT) found = readExports(section)
  }
  const named = found.filter(({ name }) => !name.startsWith('_'))
  return (named.length > 0 ? named : found)
    .slice(0, MAX_TOLD)
    .map(({ name, index }) => `${name.slice(0, MAX_SHOWN)}${types[functions[index] ?? -1] ?? '(…)'}`)
}

function readTypes(section: BinaryReader): string[] {
  const types: string[] = []
  for (let left = section.unsigned(); left > 0; left--) {
    if (section.byte() !== FUNCTION_TYPE) return types
    const parameters = section.vector(() => section.valueType())
    const results = section.vector(() => section.valueType())
    types.push(`(${listed(parameters)})${results.length > 0 ? ` -> ${listed(results)}` : ''}`)
  }
  return types
}

function readExports(section: BinaryReader): { name: string; index: number }[] {
  const found: { name: string; index: number }[] = []
  for (let left = section.unsigned(); left > 0; left--) {
    const name = section.name()
    const kind = section.byte()
    const index = section.unsigned()
    if (kind === FUNCTION_KIND) found.push({ name, index })
  }
  return found
}

function listed(types: readonly number[]): string {
  const all = types.map((type) => NAMES[type] ?? 'ref').join(', ')
  return all.length > MAX_SHOWN ? `${all.slice(0, MAX_SHOWN)}…` : all
}
