import { fileURLToPath } from 'node:url'
import { createMemoryStream, main } from 'assemblyscript/asc'

/** The test guests, by their source in `as/`, which says what each method does. */
export type GuestName =
  | 'trouble'
  | 'duplex'
  | 'cmd'
  | 'big'
  | 'env'
  | 'notes'
  | 'files'
  | 'ask'
  | 'greedy'
  | 'diary'
  | 'halves'
  | 'ledger'
  | 'tally'
  | 'keeper'
  | 'chance'

const FOLDER = fileURLToPath(new URL('as', import.meta.url))

const FREE_OF_ENV = ['--runtime', 'stub', '--use', 'abort=']

const OPTIONS: Record<GuestName, readonly string[]> = {
  trouble: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  duplex: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  cmd: ['--exportStart', '_start', ...FREE_OF_ENV],
  big: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  env: ['--exportStart', '_initialize'],
  notes: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  files: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  ask: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  // With a name section.
  greedy: ['--exportStart', '_initialize', '--debug', ...FREE_OF_ENV],
  diary: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  halves: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  ledger: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  chance: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  tally: ['--exportStart', '_initialize', ...FREE_OF_ENV],
  // With a collector.
  keeper: ['--exportStart', '_initialize', '--runtime', 'incremental', '--use', 'abort='],
}

export const GUEST_NAMES = Object.keys(OPTIONS) as GuestName[]

const compiled = new Map<GuestName, Promise<Uint8Array<ArrayBuffer>>>()

/**
 * The module of a test guest, compiled when it is first asked for.
 * @throws {Error} with the compiler's messages
 */
export function guest(name: GuestName): Promise<Uint8Array<ArrayBuffer>> {
  let module = compiled.get(name)
  if (module === undefined) {
    module = compile(name)
    compiled.set(name, module)
  }
  return module
}

async function compile(name: GuestName): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined
  const messages = createMemoryStream()
  const { error } = await main(
    [`${name}.ts`, '--baseDir', FOLDER, '--outFile', `${name}.wasm`, '-Oz', ...OPTIONS[name]],
    {
      stderr: messages,
      writeFile: (_file, contents) => {
        if (typeof contents !== 'string') binary = new Uint8Array(contents)
      },
    },
  )
  if (error !== null || binary === undefined) {
    throw new Error(`${name}.ts does not compile:\n${messages.toString()}`, { cause: error })
  }
  return binary
}
