import { GliaError } from '../../glia/errors.ts'
import { mib } from '../module/cap-memory.ts'
import { entryBytes, type FileIndex } from './file-index.ts'
import type { FileEntry } from './files-api.ts'

/**
 * Entries in the form in which they can be added to the present ones: with the directories of each.
 * @param maxBytes Largest memory of all entries.
 * @throws {GliaError} ERR_BAD_REQUEST if something is in the way of an entry, or there is no room for all.
 */
export function fittedFiles(entries: readonly FileEntry[], index: FileIndex, maxBytes: number): FileEntry[] {
  const fitted = new Map<string, FileEntry>()
  /** Memory and length of the new names. Counted on the way: a short list may lead through millions of folders. */
  let [newBytes, newUnits] = [0, 0]
  const put = (entry: FileEntry): void => {
    const { path } = entry
    if (kindAt(path) === undefined) {
      newBytes += entryBytes(path)
      newUnits += path.length
    }
    if (newBytes > maxBytes || newUnits > maxBytes) throw noRoom(maxBytes)
    fitted.set(path, entry)
  }
  const kindAt = (path: string): FileEntry['kind'] | undefined => fitted.get(path)?.kind ?? index.kindAt(path)
  for (const entry of entries) {
    const { path, kind } = entry
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const above = path.slice(0, at)
      const found = kindAt(above)
      if (found === undefined) put({ path: above, kind: 'directory' })
      else if (found !== 'directory') throw inTheWay(path, above, found)
    }
    const found = kindAt(path)
    if (found !== undefined && (found === 'directory') !== (kind === 'directory')) throw inTheWay(path, path, found)
    if (found !== 'directory') put(entry)
  }
  const whole = [...fitted.values()]
  if (!index.hasRoomFor(whole, maxBytes)) throw noRoom(maxBytes)
  return whole
}

function noRoom(maxBytes: number): GliaError {
  const limit = `${mib(maxBytes)} under /data (policy.maxDataBytes), with 384 bytes for each name`
  return new GliaError('ERR_BAD_REQUEST', `The files do not fit: the process may have ${limit}.`)
}

function inTheWay(path: string, at: string, kind: FileEntry['kind']): GliaError {
  const what = kind === 'directory' ? 'a folder' : kind === 'link' ? 'a link' : 'a file'
  return new GliaError('ERR_BAD_REQUEST', `/data/${path} cannot be put there: /data/${at} is ${what}.`)
}
