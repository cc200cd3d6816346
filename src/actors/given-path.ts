import { GliaError } from '../glia/errors.ts'
import { isFilePath, MAX_FILE_PATH } from './files-api.ts'

/** How much of a path a sentence about it shows. */
const SHOWN_PATH = 100

/**
 * A path as people and archives give it (`./a`, `/a/`, `a//b`), below `/data`; undefined for the top itself.
 * @throws {GliaError} ERR_BAD_REQUEST if it leads out, or is too long.
 */
export function givenPath(text: string): string | undefined {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) return undefined
  const path: string = parts.join('/')
  const isPath: boolean = isFilePath(path)
  if (isPath) return path
  const why =
    path.length > MAX_FILE_PATH
      ? `a path may have ${MAX_FILE_PATH} characters`
      : 'a path goes down from /data, without “..”'
  throw new GliaError('ERR_BAD_REQUEST', `${path.slice(0, SHOWN_PATH)}: ${why}.`)
}
