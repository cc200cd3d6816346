import { createHash } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assemblyScriptVersion, compileAssemblyScript } from './assemblyscript.ts'
import { clangVersion, compileC } from './clang.ts'
import { fromRoot } from './paths.ts'

/** A bundled actor: its source in src/examples, and what the app says about it. */
interface Example {
  /** Name of the actor and of its module: `{name}.wasm`. */
  readonly name: string
  /** The extension says the language. */
  readonly source: `${string}.ts` | `${string}.c`
  readonly description: string
  readonly methods: readonly string[]
  /** Command modules have a `main`; the others are reactors, which keep their state. */
  readonly command?: boolean
  /** Rights beyond the least that a process has. */
  readonly policy?: { readonly call: 'caller' } | { readonly spawn: true; readonly memory: 'resident' }
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'root',
    source: 'root.ts',
    description: 'The process every peer starts with: echoes a message, or says what it was started with.',
    methods: ['echo', 'about'],
  },
  {
    name: 'counter',
    source: 'counter.ts',
    description: 'Keeps a number from message to message.',
    methods: ['increment', 'value'],
  },
  {
    name: 'upper',
    source: 'upper.c',
    description: 'Replies the message in upper case, as it arrives.',
    methods: ['upper'],
  },
  {
    name: 'wc',
    source: 'wc.c',
    description: 'An ordinary C program: counts lines, words and bytes.',
    methods: ['_start'],
    command: true,
  },
  {
    name: 'relay',
    source: 'relay.c',
    description: 'Pipes one actor’s reply into another: the first line of its message has their two addresses.',
    methods: ['relay'],
    policy: { call: 'caller' },
  },
  {
    name: 'fanout',
    source: 'fanout.c',
    description: 'Asks many actors at once: the first line of its message has their addresses.',
    methods: ['fanout'],
    policy: { call: 'caller' },
  },
  {
    name: 'supervisor',
    source: 'supervisor.c',
    description: 'Starts three workers of the module in its message, and starts each again that ends, as in OTP.',
    methods: ['start', 'children', 'ended'],
    policy: { spawn: true, memory: 'resident' },
  },
]

/** Versions of the compilers. The C compiler is optional. */
interface Compilers {
  readonly asc: string
  readonly clang: string | undefined
}

/** Folder of the modules. Vite copies `public/` into the app. */
const ACTORS = fromRoot('public/actors')

/** The sources of each module, so that only changed ones are compiled again. */
const STAMPS = fromRoot('node_modules/.cache/glia/examples.json')

/**
 * Compiles src/examples to public/actors/*.wasm, and writes public/actors/index.json, which lists the modules that are
 * there. Without the optional C compiler the C examples are left out, and the app lists the others.
 * @throws {Error} with the compiler's messages if a source does not compile
 */
export async function buildExamples(log: (line: string) => void): Promise<void> {
  await mkdir(ACTORS, { recursive: true })
  await mkdir(join(STAMPS, '..'), { recursive: true })
  const compilers = { asc: assemblyScriptVersion, clang: await clangVersion() }
  const available = EXAMPLES.filter(({ source }) => compilers.clang !== undefined || source.endsWith('.ts'))
  const skipped = EXAMPLES.filter((example) => !available.includes(example))
  if (skipped.length > 0) {
    const names = skipped.map(({ name }) => name).join(' and ')
    log(`examples: ${names} skipped, because the optional C compiler @yowasp/clang is not installed`)
  }

  const before = await readStamps()
  const stamps: Record<string, string> = {}
  const stale: Example[] = []
  for (const example of available) {
    stamps[example.name] = await stampOf(example, compilers)
    const size = await sizeOf(example)
    if (size === undefined || before[example.name] !== stamps[example.name]) stale.push(example)
  }
  for (const { name, source, command = false } of stale) {
    const compile = source.endsWith('.c') ? compileC : compileAssemblyScript
    const started = performance.now()
    const module = await compile(fromRoot('src/examples', source), { command })
    await writeFile(modulePath(name), module)
    log(`examples: ${name}.wasm, ${module.length} B, in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }

  const index = []
  for (const { name, description, methods, policy } of available) {
    const { size: bytes } = await stat(modulePath(name))
    index.push({ name, file: `${name}.wasm`, bytes, description, methods, policy })
  }
  await writeIfChanged(join(ACTORS, 'index.json'), `${JSON.stringify(index, null, 2)}\n`)
  await writeFile(STAMPS, JSON.stringify(stamps))
}

/** The time of an unchanged file stays: the end-to-end tests build again when the build is older than a source. */
async function writeIfChanged(path: string, text: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => undefined)
  if (before !== text) await writeFile(path, text)
}

function modulePath(name: string): string {
  return join(ACTORS, `${name}.wasm`)
}

async function sizeOf({ name }: Example): Promise<number | undefined> {
  return stat(modulePath(name)).then(
    ({ size }) => size,
    () => undefined,
  )
}

async function readStamps(): Promise<Partial<Record<string, string>>> {
  try {
    return JSON.parse(await readFile(STAMPS, 'utf8')) as Partial<Record<string, string>>
  } catch {
    return {} // no build yet
  }
}

/** Changes when the source, its imports, the compiler or the compiler's options change. */
async function stampOf({ source }: Example, compilers: Compilers): Promise<string> {
  const [version, ...files] = source.endsWith('.c')
    ? [`clang ${compilers.clang}`, `examples/${source}`, 'build/clang.ts']
    : [
        `asc ${compilers.asc}`,
        `examples/${source}`,
        'examples/io.ts',
        'examples/wasi_snapshot_preview1.ts',
        'build/assemblyscript.ts',
      ]
  const hash = createHash('sha256').update(version)
  for (const file of files) hash.update(await readFile(fromRoot('src', file)))
  return hash.digest('hex')
}
