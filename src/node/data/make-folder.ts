import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it, for their owner only. `mkdir` with `recursive` is no choice: under /proc, where
 * nothing can be made, it tries for ever (Node 20.20).
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = []
  for (let folder = resolve(path); !(await isThere(folder)); folder = dirname(folder)) missing.unshift(folder)
  // oxlint-disable-next-line no-await-in-loop -- each is in the one before it
  for (const folder of missing) await makeOne(folder)
}

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (err) {
    // Another process has made it meanwhile.
    if ((err as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isThere(folder))) throw err
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw err
  }
}
