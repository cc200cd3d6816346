import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import type { FileEntry } from '../../src/actors/files/files-api.ts'

const WASIP1 = 'wasm32-wasip1'

/** One test, and what has to come of it. */
export interface SuiteTest {
  /** As `rust/path_link`. */
  readonly name: string
  readonly program: SuiteProgram
  readonly exitCode: number
  /** What it has to write; undefined: anything. */
  readonly stdout: string | undefined
}

export interface SuiteProgram {
  /** Its bytes as base64: as they are they would take minutes on their way into the page. */
  readonly wasm: string
  readonly args: readonly string[]
  readonly env: readonly string[]
  /** What `/` holds; null if the test is to have no directory at all. */
  readonly root: readonly FileEntry[] | null
}

/** The specification beside a test (doc/specification.md of the suite): of its two forms the one that these tests have. */
interface Specification {
  args?: string[]
  env?: Record<string, string>
  root?: string
  exit_code?: number
  stdout?: string
}

/**
 * The tests for WASI preview 1 of a checkout of WebAssembly/wasi-testsuite, of its branch prod/testsuite-base, which has them
 * compiled.
 * @throws {Error} if there are none.
 */
export function readSuite(checkout: string): SuiteTest[] {
  const languages = join(checkout, 'tests')
  const folders = existsSync(languages)
    ? readdirSync(languages).map((name) => join(languages, name, 'testsuite', WASIP1))
    : []
  const tests = folders.filter((folder) => existsSync(folder)).flatMap((folder) => readFolder(folder))
  if (tests.length > 0) return tests
  throw new Error(`${checkout} has no tests/*/testsuite/${WASIP1}/*.wasm: is its branch prod/testsuite-base?`)
}

function readFolder(folder: string): SuiteTest[] {
  const language = basename(join(folder, '..', '..'))
  return readdirSync(folder)
    .filter((file) => file.endsWith('.wasm'))
    .sort()
    .map((file) => readTest(folder, file, language))
}

function readTest(folder: string, file: string, language: string): SuiteTest {
  const name = basename(file, '.wasm')
  const specification = join(folder, `${name}.json`)
  const {
    args = [],
    env = {},
    root,
    exit_code: exitCode = 0,
    stdout,
  } = existsSync(specification) ? (JSON.parse(readFileSync(specification, 'utf8')) as Specification) : {}
  const program = {
    wasm: readFileSync(join(folder, file)).toString('base64'),
    args: [file, ...args],
    env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    root: root === undefined ? null : readTree(join(folder, root)),
  }
  return { name: `${language}/${name}`, program, exitCode, stdout }
}

/** All below a folder, but what tests of another run have left there. */
function readTree(top: string, folder = top): FileEntry[] {
  return readdirSync(folder)
    .filter((name) => !name.endsWith('.cleanup'))
    .flatMap((name): FileEntry[] => {
      const full = join(folder, name)
      const path = relative(top, full).split(sep).join('/')
      if (statSync(full).isDirectory()) return [{ path, kind: 'directory' }, ...readTree(top, full)]
      return [{ path, kind: 'file', bytes: new Uint8Array(readFileSync(full)) }]
    })
}
