// For tests: the command `glia` as the build makes it, as a process.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleForNode } from '../build/bundle.ts'
import { fromRoot } from '../build/paths.ts'

export interface Result {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface TestCli {
  /** The program's file. */
  readonly path: string
  /** Starts it. Its environment has no variable of Glia but those given. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv, cwd?: string): ChildProcessWithoutNullStreams
  /** Starts it, sends its stdin, and waits for its end. */
  run(args: readonly string[], stdin?: string | Uint8Array, env?: NodeJS.ProcessEnv, cwd?: string): Promise<Result>
  remove(): Promise<void>
}

export async function builtCli(): Promise<TestCli> {
  const cache = fromRoot('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'cli-'))
  const programs = { glia: 'src/cli/main.ts', 'actor-worker': 'src/node/root/actor-worker.ts' }
  await bundleForNode(programs, { outDir: folder, emptyOutDir: false })
  const path = join(folder, 'glia.js')
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('GLIA_'))
  const start: TestCli['start'] = (args, env = {}, cwd) => {
    const child = spawn(process.execPath, [path, ...args], { cwd, env: { ...Object.fromEntries(others), ...env } })
    // A program that does not read its stdin to the end closes it.
    child.stdin.on('error', () => undefined)
    return child
  }
  return {
    path,
    start,
    run: async (args, stdin = '', env = {}, cwd) => {
      const child = start(args, env, cwd)
      child.stdin.end(stdin)
      return ended(child)
    },
    remove: () => rm(folder, { recursive: true }),
  }
}

/** Waits for the end of a process, and collects what it says until then. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Result> {
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout, stderr }
}
