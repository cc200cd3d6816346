import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

const TARGET = 'wasm32-wasip1'
const sourceOf = (name: string): string => fileURLToPath(new URL(`rust/${name}.rs`, import.meta.url))

/** The two versions of the guest in Rust. The source says what each method does. */
export interface RustGuest {
  first: Uint8Array
  second: Uint8Array
}

let built: Promise<RustGuest | undefined> | undefined

/**
 * Compiled when it is first asked for; undefined where there is no Rust for WASI. @throws {Error} with the compiler's
 * messages
 */
export function rustGuest(): Promise<RustGuest | undefined> {
  return (built ??= build())
}

/** The example actor in Rust; undefined where there is no Rust for WASI. */
export async function rustSupervisor(): Promise<Uint8Array | undefined> {
  return (await isInstalled()) ? compile('../../../src/examples/supervisor') : undefined
}

/** The guest in Rust that keeps what it is told; undefined where there is no Rust for WASI. */
export async function rustKeeper(): Promise<Uint8Array | undefined> {
  return (await isInstalled()) ? compile('keeper') : undefined
}

async function build(): Promise<RustGuest | undefined> {
  if (!(await isInstalled())) return undefined
  const [first, second] = await Promise.all([compile('developer'), compile('developer', '--cfg', 'second')])
  return { first, second }
}

async function isInstalled(): Promise<boolean> {
  try {
    const { stdout } = await run('rustc', ['--print', 'target-libdir', '--target', TARGET])
    await access(join(stdout.trim(), 'self-contained/crt1-reactor.o'))
    return true
  } catch {
    return false
  }
}

async function compile(name: string, ...options: string[]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'glia-rust-'))
  try {
    const out = join(folder, `${basename(name)}.wasm`)
    const how = `--crate-type cdylib --target ${TARGET} -C opt-level=s -C panic=abort -C strip=debuginfo -D warnings`
    await run('rustc', [...how.split(' '), '--check-cfg', 'cfg(second)', ...options, sourceOf(name), '-o', out])
    return new Uint8Array(await readFile(out))
  } finally {
    await rm(folder, { recursive: true })
  }
}
