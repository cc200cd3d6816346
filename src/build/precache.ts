import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** One file of the app, in the form that workbox-precaching takes. */
export interface PrecacheEntry {
  /** Relative to the service worker, so that the app works under any path. */
  readonly url: string
  /** null where the name itself contains a hash of the content. */
  readonly revision: string | null
}

/**
 * Files that the offline app does not need: the service worker itself, source maps, pictures of the app, and the compiler
 * of the playground, which has several megabytes.
 */
const LEFT_OUT = /^sw\.js$|^screenshots\/|^assets\/(c-)?compiler-worker-|\.map$|(^|\/)\./

/**
 * Every file of the built app, so that the app opens offline. The text of the service worker changes whenever one of
 * them changes.
 */
export async function precacheManifest(dist: string): Promise<PrecacheEntry[]> {
  const manifest: PrecacheEntry[] = []
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const url = relative(dist, path).split(sep).join('/')
    if (LEFT_OUT.test(url)) continue
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    manifest.push({ url, revision: url.startsWith('assets/') ? null : sha256.slice(0, 16) })
  }
  return manifest.sort((a, b) => (a.url < b.url ? -1 : 1))
}
