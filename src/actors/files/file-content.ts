import { GliaError } from '../../glia/errors.ts'

/** The content of a file. */
export type FileContent = string | Blob | ArrayBuffer | Uint8Array

export function isContent(value: unknown): value is FileContent {
  return (
    typeof value === 'string' || value instanceof Blob || value instanceof ArrayBuffer || value instanceof Uint8Array
  )
}

/** The error for given files that are none. */
export function noFiles(): GliaError {
  return new GliaError(
    'ERR_BAD_REQUEST',
    'Give files as a tar archive, as a list of files, or as an object of texts, bytes or files by their paths.',
  )
}
