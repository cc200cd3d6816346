import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'

/**
 * The root of the repository. Vite bundles its config together with these files, and keeps `import.meta.url` as it is
 * written.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The absolute path of a path below the root of the repository. */
export function fromRoot(...segments: string[]): string {
  return resolve(ROOT, ...segments)
}
