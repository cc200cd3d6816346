import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { guest, type GuestName } from '../../../e2e/guests/guests.ts'
import { exportMemory, funcType, I32, memory32, vector, wasm } from '../../../e2e/guests/wasm.ts'
import { readSections } from './module-sections.ts'

/** Built by `npm run build`. A fresh clone has none. */
const BUILT = fileURLToPath(new URL('../../../public/actors/', import.meta.url))

const GUESTS: readonly GuestName[] = ['trouble', 'duplex', 'cmd', 'big', 'env']

beforeAll(() => Promise.all(GUESTS.map(guest)))

interface Interface {
  imports: { module: string; name: string; kind: string }[]
  exports: { name: string; kind: string }[]
}

/** What the module asks for and offers, as this code reads it, without what only this code reads. */
function ours(bytes: Uint8Array): Interface {
  const { imports, exports } = readSections(bytes)
  return { imports, exports: exports.map(({ name, kind }) => ({ name, kind })) }
}

/** The same as the engine reads it. */
function engines(bytes: Uint8Array<ArrayBuffer>): Interface {
  const compiled = new WebAssembly.Module(bytes)
  return {
    imports: WebAssembly.Module.imports(compiled).map(({ module, name, kind }) => ({ module, name, kind })),
    exports: WebAssembly.Module.exports(compiled).map(({ name, kind }) => ({ name, kind })),
  }
}

test.each(GUESTS)('the sections of the guest %s are read as the engine reads them', async (name) => {
  const bytes = await guest(name)
  expect(ours(bytes)).toEqual(engines(bytes))
})

test('the sections of the bundled actors are read as the engine reads them', async ({ skip }) => {
  const names = (await readdir(BUILT).catch(() => [])).filter((name) => name.endsWith('.wasm'))
  if (names.length === 0) skip('npm run build has not made them yet')
  for (const name of names) {
    const bytes = new Uint8Array(await readFile(`${BUILT}${name}`))
    expect(ours(bytes)).toEqual(engines(bytes))
  }
})

/**
 * An import of each kind: (type 0), a table of funcref, a memory of 1-2 pages, a mutable i32, and then another
 * function.
 */
const IMPORTS = [
  [...text('m'), ...text('f'), 0x00, 0],
  [...text('m'), ...text('t'), 0x01, 0x70, 0x01, 1, 2],
  [...text('m'), ...text('mem'), 0x02, 0x01, 1, 2],
  [...text('m'), ...text('g'), 0x03, I32, 0x01],
  [...text('größe'), ...text('f2'), 0x00, 1],
]

test('every kind of import is read, and functions count the imported ones first', () => {
  const bytes = wasm({
    types: [funcType([], []), funcType([I32], [I32])],
    imports: IMPORTS,
    exports: [[...text('again'), 0x00, 1]],
  })
  expect(ours(bytes)).toEqual(engines(bytes))
  const { imports, exports, memories } = readSections(bytes)
  expect(imports.map(({ kind }) => kind)).toEqual(['function', 'table', 'memory', 'global', 'function'])
  expect(exports).toEqual([
    { name: 'again', kind: 'function', shape: { parameters: 1, takesNumbers: true, results: 'i32' } },
  ])
  expect(memories).toEqual([{ initialPages: 1, maximumPages: 2, is64Bit: false }])
})

test('sections that say nothing of imports and exports are skipped', () => {
  const plain = wasm({ memories: [memory32(3)], exports: [exportMemory('m')] })
  const custom = [0x00, ...vector([text('note'), [1, 2, 3]]).slice(1)]
  const bytes = Uint8Array.from([...plain.slice(0, 8), 0x00, custom.length - 1, ...custom.slice(1), ...plain.slice(8)])
  expect(ours(bytes)).toEqual(engines(bytes))
  expect(readSections(bytes).memories).toEqual([{ initialPages: 3, maximumPages: undefined, is64Bit: false }])
})

test('a section that is cut off is a RangeError', () => {
  const bytes = wasm({ memories: [memory32(3)], exports: [exportMemory('memory')] })
  expect(() => readSections(bytes.slice(0, -1))).toThrow(RangeError)
})

function text(name: string): number[] {
  const utf8 = new TextEncoder().encode(name)
  return [utf8.length, ...utf8]
}
