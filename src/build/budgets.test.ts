import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkBudgets, firstLoad } from './budgets.ts'

/** Text that does not compress below `bytes`. */
function dense(bytes: number): string {
  return randomBytes(bytes).toString('latin1')
}

test('what fits is a table with a row for each part', () => {
  const table = checkBudgets({ 'first-load JS': ['let a', 'let b'], 'actor.js': ['let c'], 'sw.js': ['let d'] })
  expect(table.split('\n')).toHaveLength(4)
  expect(table).not.toContain('OVER')
})

test('a part over its budget fails, and the table says which', () => {
  const shipped = { 'first-load JS': [dense(100_000), dense(100_000)], 'actor.js': ['let c'], 'sw.js': [dense(16_000)] }
  expect(() => checkBudgets(shipped)).toThrow(/over budget: first-load JS, sw\.js\n[^]*first-load JS .* OVER BUDGET/)
})

test('the first load is the entry and all its imports, each once, without what those load later', () => {
  const chunk = (imports: string[], dynamicImports: string[] = [], isEntry = false) => ({
    type: 'chunk' as const,
    isEntry,
    imports,
    dynamicImports,
  })
  const bundle = {
    'main.js': chunk(['shared.js', 'preact.js'], ['mesh.js'], true),
    'mesh.js': chunk(['preact.js'], ['later.js']),
    'shared.js': chunk(['preact.js', 'main.js']),
    'preact.js': chunk([]),
    'later.js': chunk(['shared.js']),
    'main.css': { type: 'asset' as const },
  }
  expect(firstLoad(bundle).sort()).toEqual(['main.js', 'mesh.js', 'preact.js', 'shared.js'])
})
