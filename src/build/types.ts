import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { fromRoot } from './paths.ts'

/** The entries of the package, in `src/package`. */
const ENTRIES = ['index', 'node', 'protocol', 'session', 'testing', 'wasi'] as const

/** A module that a line of a declaration file names; comments name others. */
const SPECIFIER = /^(?!\s*\*)(.*?(?:\bfrom |\bimport |\bimport\())(['"])([^'"]+)\2/gm

/**
 * Writes the declarations of the package's entries, and of all that they name, to `types` in a folder. The package brings no dependencies,
 * so no declaration may name one.
 * @throws {Error} with the compiler's messages, or the names of the file and the dependency.
 */
export async function writeTypes(outDir: string): Promise<void> {
  const cache = fromRoot('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const emitted = await mkdtemp(join(cache, 'types-'))
  try {
    await emit(emitted)
    const files = new Map<string, string>()
    for (const entry of ENTRIES) await collect(join(emitted, 'src/package', `${entry}.d.ts`), files)
    for (const [path, text] of files) {
      const target = join(outDir, 'types', relative(join(emitted, 'src'), path))
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, text)
    }
  } finally {
    await rm(emitted, { recursive: true })
  }
}

async function emit(outDir: string): Promise<void> {
  const tsc = fromRoot('node_modules/typescript/bin/tsc')
  const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--incremental', 'false']
  const args = [tsc, '-p', fromRoot('src/package'), ...flags, '--rootDir', fromRoot(), '--outDir', outDir]
  await promisify(execFile)(process.execPath, args).catch((thrown: Error & { stdout?: string }) => {
    throw new Error(`The types of the package do not compile:\n${thrown.stdout ?? ''}`, { cause: thrown })
  })
}

/** Reads a declaration file and all that it names. Specifiers end in `.js`, as Node's resolution wants them. */
async function collect(path: string, files: Map<string, string>): Promise<void> {
  if (files.has(path)) return
  const text = await readFile(path, 'utf8')
  const named: string[] = []
  const rewritten = text.replace(SPECIFIER, (_, before: string, quote: string, specifier: string) => {
    if (!specifier.startsWith('.')) throw new Error(`The types of the package name ${specifier}, in ${path}.`)
    named.push(resolve(dirname(path), specifier.replace(/\.tsx?$/, '.d.ts')))
    return `${before}${quote}${specifier.replace(/\.tsx?$/, '.js')}${quote}`
  })
  files.set(path, rewritten)
  await Promise.all(named.map((each) => collect(each, files)))
}
