import { fileURLToPath } from 'node:url'

/** What the build makes for the server: the page, unless another is named, and the actor worker's script for a thread. */
export function builtFiles({ dist }: { readonly dist: string | undefined }): { dist: string; workerScript: URL } {
  // The programs and their chunks are in one folder (src/build/bundle.ts), and this file is in one of them.
  return {
    dist: dist ?? fileURLToPath(new URL('../dist', import.meta.url)),
    workerScript: new URL('./actor-worker.js', import.meta.url),
  }
}
