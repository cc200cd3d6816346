import { GliaError } from '../../glia/errors.ts'
import { MAX_FILE_PATH } from './files-api.ts'

/** Characters of a path that a sentence shows. */
const SHOWN_PATH = 100

/** Most folders in a path. Each is an entry, so a long path of short names would be thousands of them. */
const MAX_FOLDERS = 128

/**
 * A path below `/data`, read as people and archives write it (`./a`, `/a/`, `a//b`); undefined for the top itself.
 * @throws {GliaError} ERR_BAD_REQUEST if it leads out, is too long or too deep, or has characters that no name may
 * have.
 */
export function givenPath(text: string): string | undefined {
  // Checked before it is split: a name may have as many slashes as an archive has bytes.
  if (text.length > 2 * MAX_FILE_PATH) throw refused(text, `a path may have ${MAX_FILE_PATH} characters`)
  const parts = text.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) return undefined
  const path = parts.join('/')
  const why = whyNot(path, parts)
  if (why !== undefined) throw refused(path, why)
  return path
}

function whyNot(path: string, parts: readonly string[]): string | undefined {
  if (path.length > MAX_FILE_PATH) return `a path may have ${MAX_FILE_PATH} characters`
  if (parts.includes('..')) return 'a path goes down from /data, without “..”'
  if (parts.length - 1 > MAX_FOLDERS) return `a path may lead through ${MAX_FOLDERS} folders`
  if (path.includes('\0')) return 'a path has no zero character'
  // UTF-8 writes half a character as another one, so two such names would become one.
  return path.isWellFormed() ? undefined : 'a path is Unicode text'
}

function refused(path: string, why: string): GliaError {
  const shown = path.length > SHOWN_PATH ? `${path.slice(0, SHOWN_PATH)}…` : path
  return new GliaError('ERR_BAD_REQUEST', `${shown.replaceAll('\0', '␀')}: ${why}.`)
}
