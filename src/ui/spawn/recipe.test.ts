import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RECIPE } from './recipe.ts'

test('the line that builds the actor of the page is the one for writing actors', () => {
  const readme = readFileSync(new URL('../../examples/README.md', import.meta.url), 'utf8')
  const line = RECIPE.split('\n').at(-1)?.replace('// ', '').replaceAll('hello.', 'upper.') ?? ''
  expect(readme.split('\n')).toContain(line)
})
