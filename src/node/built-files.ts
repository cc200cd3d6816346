import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface BuiltFiles {
  /** Folder of the page. */
  readonly dist: string
  /** The actor worker's script for a thread. */
  readonly workerScript: URL
  /** Folder of clang for the playground; undefined where it is not installed. */
  readonly clang: string | undefined
}

/** What the server serves: the page, unless another is named, and what is installed beside this program. */
export function builtFiles({ dist }: { readonly dist: string | undefined }): BuiltFiles {
  // The programs and their chunks are in one folder (src/build/bundle.ts), and this file is in one of them.
  return {
    dist: dist ?? fileURLToPath(new URL('../dist', import.meta.url)),
    workerScript: new URL('./actor-worker.js', import.meta.url),
    clang: clangFolder(),
  }
}

/** `npx -p glia -p @yowasp/clang glia` installs both into one folder. */
function clangFolder(): string | undefined {
  try {
    return dirname(fileURLToPath(import.meta.resolve('@yowasp/clang')))
  } catch {
    return undefined
  }
}
