import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** One file of the app, as workbox-precaching takes it. */
export interface PrecacheEntry {
  /** Relative to the service worker, so that the app works under any path. */
  readonly url: string
  /** null where the name itself contains a hash of the content. */
  readonly revision: string | null
}

/** Not part of the offline app: the service worker itself, and what only a debugger asks for. */
const LEFT_OUT = /^sw\.js$|\.map$|(^|\/)\./

/** Every file of the built app, so that it opens offline; the service worker's own text changes whenever one of them does. */
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
    manifest.push({ url, revision: url.startsWith('assets/') ? null : sha256.slice(0, 32) })
  }
  return manifest.sort((a, b) => (a.url < b.url ? -1 : 1))
}
