import { expect, test } from 'vitest'
import { assemblyScriptImports } from '../../../workers/actor/run/assemblyscript.ts'
import { testGuest } from '../../../workers/actor/wasi/test-guest.ts'
import { isProvided, WASI_FUNCTIONS, WASI_MODULE } from './wasi-names.ts'

test('the functions of WASI that modules may import are exactly those that the actor worker provides', () => {
  const provided = testGuest().wasi.imports()
  expect(Object.keys(provided).sort()).toEqual([...WASI_FUNCTIONS].sort())
  for (const call of Object.values(provided)) expect(call).toBeTypeOf('function')
})

test('so are those of AssemblyScript', () => {
  const provided = assemblyScriptImports(
    () => new ArrayBuffer(0),
    () => undefined,
  )
  for (const name of Object.keys(provided)) expect(isProvided('env', name)).toBe(true)
  expect(Object.keys(provided).sort()).toEqual(['abort', 'seed', 'trace'])
})

test.each([
  ['env', 'fd_write'],
  [WASI_MODULE, 'abort'],
  [WASI_MODULE, 'sock_open'],
  ['wasi_unstable', 'fd_write'],
  ['', ''],
])('%s.%s is not provided', (module, name) => {
  expect(isProvided(module, name)).toBe(false)
})
