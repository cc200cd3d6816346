import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SOURCE = fileURLToPath(new URL('go/keeper.go', import.meta.url))

let built: Promise<Uint8Array<ArrayBuffer> | undefined> | undefined

/**
 * The test guest in Go, as a reactor, compiled when it is first asked for; undefined where there is no Go.
 * @throws {Error} with the compiler's messages
 */
export function goGuest(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return (built ??= build())
}

async function build(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (spawnSync('go', ['version']).status !== 0) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'glia-go-'))
  try {
    const out = join(folder, 'keeper.wasm')
    const env = { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' }
    await run('go', ['build', '-buildmode=c-shared', '-ldflags=-s -w', '-o', out, SOURCE], { env })
    return new Uint8Array(await readFile(out))
  } finally {
    await rm(folder, { recursive: true })
  }
}
