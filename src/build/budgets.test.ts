import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkBudgets, scriptsByPart } from './budgets.ts'

/** Text that does not compress below `bytes`. */
function dense(bytes: number): string {
  return randomBytes(bytes).toString('latin1')
}

test('what fits is a table with a row for each part', () => {
  const table = checkBudgets({ 'first call': ['let a', 'let b'], mesh: [], 'actor.js': ['let c'], 'sw.js': ['let d'] })
  expect(table.split('\n')).toHaveLength(5)
  expect(table).not.toContain('OVER')
})

test('a part over its budget fails, and the table says which', () => {
  const shipped = {
    'first call': [dense(100_000), dense(100_000)],
    mesh: ['let b'],
    'actor.js': ['let c'],
    'sw.js': [dense(16_000)],
  }
  expect(() => checkBudgets(shipped)).toThrow(/over budget: first call, sw\.js\n[^]*first call .* OVER BUDGET/)
})

test('the first call needs the entry with its imports; the mesh is what it loads besides', () => {
  const chunk = (imports: string[], facadeModuleId: string | null = null, isEntry = false) => ({
    type: 'chunk' as const,
    isEntry,
    imports,
    facadeModuleId,
  })
  const bundle = {
    'main.js': chunk(['shared.js', 'preact.js'], '/glia/index.html', true),
    'mesh.js': chunk(['preact.js', 'keys.js', 'noise.js'], '/glia/src/mesh/index.ts'),
    'shared.js': chunk(['preact.js', 'main.js']),
    'preact.js': chunk([]),
    'keys.js': chunk([]),
    'noise.js': chunk([]),
    'later.js': chunk(['shared.js'], '/glia/node_modules/@libp2p/kad-dht/index.js'),
    'main.css': { type: 'asset' as const },
  }
  const parts = scriptsByPart(bundle)
  expect(parts['first call'].sort()).toEqual(['main.js', 'preact.js', 'shared.js'])
  expect(parts.mesh.sort()).toEqual(['keys.js', 'mesh.js', 'noise.js'])
})
