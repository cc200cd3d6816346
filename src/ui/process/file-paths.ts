import type { FileInfo } from '../../actors/files/file-index.ts'

/** The folder that a path is in: `a/b` of `a/b/c`; empty for what is in `/data` itself. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** What is in a folder itself, folders first. */
export function within(infos: readonly FileInfo[], folder: string): FileInfo[] {
  const inside = infos.filter(({ path }) => folderOf(path) === folder)
  return inside.sort((a, b) => Number(b.kind === 'directory') - Number(a.kind === 'directory'))
}
