import type { FileContent } from './file-content.ts'
import type { GivenFiles } from './given-files.ts'

const DATA = '/data/'

/** Given files in two parts: those for `/data`, and those for absolute paths elsewhere. */
export interface PartedFiles {
  files: GivenFiles | undefined
  mounts: ReadonlyMap<string, FileContent>
}

/** Parts contents by their paths. A path that begins with a slash starts at `/`. What is no files at all stays as it is. */
export function partGivenFiles(given: GivenFiles | undefined): PartedFiles {
  const none: ReadonlyMap<string, FileContent> = new Map()
  if (typeof given !== 'object' || given === null || Array.isArray(given) || !isByPath(given))
    return { files: given, mounts: none }
  const mounts = new Map<string, FileContent>()
  const files: Record<string, FileContent> = {}
  for (const [path, content] of Object.entries(given)) {
    if (!path.startsWith('/')) files[path] = content
    else if (path.startsWith(DATA)) files[path.slice(DATA.length)] = content
    else mounts.set(path, content)
  }
  return { files: Object.keys(files).length > 0 || mounts.size === 0 ? files : undefined, mounts }
}

function isByPath(given: object): given is Readonly<Record<string, FileContent>> {
  return !(given instanceof Blob || given instanceof ArrayBuffer || ArrayBuffer.isView(given))
}
