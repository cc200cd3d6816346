import { basename, dirname } from 'node:path'
import asc from 'assemblyscript/asc'

const OPTIMIZE = ['-Ospeed', '--noAssert', '--converge']
// These modules keep nothing on the heap beyond one call, so the bump allocator is enough. It takes hundreds of bytes
// instead of thousands.
const RUNTIME = ['--runtime', 'stub']
// Makes a reactor. With the default name, `_start`, the first call of any other export aborts (AssemblyScript 0.28).
const REACTOR = ['--exportStart', '_initialize']
// abort() would be an import from `env`. A trap says as much.
const NO_ENV = ['--use', 'abort=']

export const assemblyScriptVersion: string = asc.version

/**
 * Compiles one AssemblyScript source to a reactor.
 * @throws {Error} with the compiler's messages
 */
export async function compileAssemblyScript(path: string): Promise<Uint8Array> {
  const output: Uint8Array[] = []
  let messages = ''
  const { error } = await asc.main(
    [
      basename(path),
      '--baseDir',
      dirname(path),
      '--outFile',
      'out.wasm',
      ...OPTIMIZE,
      ...RUNTIME,
      ...REACTOR,
      ...NO_ENV,
    ],
    {
      stderr: { write: (chunk) => void (messages += String(chunk)) },
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') output.push(contents)
      },
    },
  )
  const [module] = output
  if (error === null && module !== undefined) return module
  throw new Error(`${basename(path)} does not compile:\n${messages}`, { cause: error })
}
