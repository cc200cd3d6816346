import { expect, test } from 'vitest'
import { assemblyScriptImports } from '../../workers/actor/assemblyscript.ts'
import { RingStdio } from '../../workers/actor/ring-stdio.ts'
import { GuestWasi } from '../../workers/actor/wasi.ts'
import { Ring } from './ring.ts'
import { isProvided, WASI_FUNCTIONS, WASI_MODULE } from './wasi-names.ts'

const ring = (): SharedArrayBuffer => Ring.allocate(8).buffer
const wasi = new GuestWasi(new RingStdio({ stdin: ring(), stdout: ring(), stderr: ring() }), [], [])

test('the functions of WASI that modules may import are exactly those that the actor worker provides', () => {
  const provided = wasi.imports((call) => call)
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
