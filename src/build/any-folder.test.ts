import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, link, mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { fromRoot } from './paths.ts'

const run = promisify(execFile)
/** Without what Vitest sets. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_ENV$|VITE)/.test(name)))
let cache = ''
let folder = ''

// The repository and what npm has installed, in a folder whose name scripts get wrong.
beforeAll(async () => {
  // Not in node_modules, where TypeScript emits nothing, and on the same disk, for hard links.
  await mkdir(fromRoot('test-results'), { recursive: true })
  cache = await mkdtemp(fromRoot('test-results/any-folder-'))
  folder = join(cache, 'Ein Ordner mit Ümläuten & Raute #1')
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: fromRoot(),
  })
  for (const file of stdout.split('\0').filter(Boolean))
    await cp(fromRoot(file), join(folder, file), { recursive: true })
  await cp(fromRoot('public'), join(folder, 'public'), { recursive: true })
  await linkTree(fromRoot('node_modules'), join(folder, 'node_modules'))
  // The examples that are compiled already.
  await cp(fromRoot('node_modules/.cache/glia'), join(folder, 'node_modules/.cache/glia'), { recursive: true }).catch(
    () => undefined,
  )
}, 120_000)

afterAll(() => rm(cache, { recursive: true, force: true }))

/** Copies a folder by hard links: a copy of node_modules has some hundred megabytes. Caches are left out. */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.name === '.cache' || entry.name === '.vite' || entry.name === '.vite-temp') continue
    if (entry.isDirectory()) await linkTree(source, target)
    else if (entry.isFile()) await link(source, target)
    else await symlink(await readlink(source), target)
  }
}

test('the app builds there, and is served from there', { timeout: 120_000 }, async () => {
  await run('npm', ['run', 'build'], { cwd: folder, env })
  const ports = ['--http', '0', '--ws', '0', '--tcp', '0', '--data', join(cache, 'data')]
  const url = await printed(['dist-node/glia.js', ...ports], /Glia is at (\S+)/)
  expect(await statuses(url, ['', 'actor.js', 'actors/root.wasm', 'status'])).toEqual([200, 200, 200, 200])
})

test('the development server works there', { timeout: 60_000 }, async () => {
  const url = await printed(['src/build/run.mjs', 'vite', '--port', '0'], /Local:\s+(\S+)/)
  const paths = ['', '@vite/client', 'src/main.tsx', 'src/ui/app.tsx', 'actor.js']
  expect(await statuses(url, paths)).toEqual([200, 200, 200, 200, 200])
})

test('unit tests and the scripts of e2e run there', { timeout: 60_000 }, async () => {
  const unit = await run('npm', ['run', 'test:unit', '--', 'src/build/precache.test.ts'], { cwd: folder, env })
  expect(stripVTControlCharacters(unit.stdout)).toMatch(/Tests +\d+ passed/)
  // It says how it is used.
  await expect(run('npm', ['run', 'fuzz', '--', 'none'], { cwd: folder, env })).rejects.toThrow(/puts COUNT mutated/)
})

const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    const closed = once(child, 'close')
    if (child.kill()) await closed
  }
})

async function statuses(url: string, paths: readonly string[]): Promise<number[]> {
  return Promise.all(paths.map(async (path) => (await fetch(new URL(path, url))).status))
}

/** Starts a script, and waits for what it prints. */
async function printed(args: readonly string[], pattern: RegExp): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: folder, env })
  children.push(child)
  let said = ''
  return new Promise((resolve, reject) => {
    const read = (chunk: unknown): void => {
      said += stripVTControlCharacters(String(chunk))
      const [, found] = pattern.exec(said) ?? []
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('close', (code) => reject(new Error(`${args.join(' ')} ended with ${code}: ${said}`)))
  })
}
