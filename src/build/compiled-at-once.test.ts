import { expect, test } from 'vitest'
import { compiledAtOnce } from './compiled-at-once.ts'

type Handler = (this: { error(words: string): never }, options: object, bundle: object) => void

const { handler } = compiledAtOnce().generateBundle as { handler: Handler }
const error = (words: string): never => {
  throw new Error(words)
}
const chunk = (name: string) => ({ type: 'chunk', name, fileName: `assets/${name}-x.js`, code: 'a()\nb()' })
const map = { type: 'asset', source: JSON.stringify({ version: 3, mappings: 'AAAA;AACA' }) }

test('what runs at once begins with the hint, and its source map knows that', () => {
  const names = [
    'index',
    'glia',
    'preact',
    'module-sections',
    'identity',
    'mesh',
    'start-gossip',
    'stream-utils',
    'graph-view',
  ]
  const chunks = names.map(chunk)
  const mapped = { ...map }
  handler.call(
    { error },
    {},
    Object.fromEntries([['assets/mesh-x.js.map', mapped], ...chunks.map((each) => [each.fileName, each])]),
  )
  const begins = chunks.map(({ name, code }) => [name, code.split('\n')[0]])
  expect(begins).toEqual(names.map((name) => [name, name === 'graph-view' ? 'a()' : '//# allFunctionsCalledOnLoad']))
  expect(JSON.parse(mapped.source)).toEqual({ version: 3, mappings: ';AAAA;AACA' })
})

test('a chunk that is gone fails the build', () => {
  expect(() => handler.call({ error }, {}, { 'assets/index-x.js': chunk('index') })).toThrow(/no chunk glia/)
})
