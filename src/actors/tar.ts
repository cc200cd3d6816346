import { concat } from '../glia/concat.ts'
import type { FileEntry } from './files-api.ts'

const BLOCK = 512
const MAX_NAME = 100
const MAX_PREFIX = 155

const FILE = '0'
const LINK = '2'
const DIRECTORY = '5'
/** What of the next entry does not fit its header. */
const EXTENDED = 'x'

/**
 * Files as a tar archive: ustar, with pax headers for names that are too long for that or not ASCII.
 * @param at Time of change that all of them get, in ms since the epoch.
 */
export function tarOf(entries: readonly FileEntry[], at: number): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = []
  const seconds = Math.floor(at / 1000)
  for (const entry of entries) {
    const path = entry.kind === 'directory' ? `${entry.path}/` : entry.path
    const target = entry.kind === 'link' ? entry.target : ''
    const [prefix, name] = split(path)
    const records = [
      ...(prefix === undefined ? [paxRecord('path', path)] : []),
      ...(fits(target, MAX_NAME) ? [] : [paxRecord('linkpath', target)]),
    ]
    if (records.length > 0) {
      parts.push(header({ name: 'extended', prefix: '', type: EXTENDED, size: lengthOf(records), target: '', seconds }))
      parts.push(...padded(concat(records)))
    }
    const bytes = entry.kind === 'file' ? entry.bytes : new Uint8Array()
    const type = entry.kind === 'file' ? FILE : entry.kind === 'link' ? LINK : DIRECTORY
    parts.push(header({ name, prefix: prefix ?? '', type, size: bytes.length, target, seconds }), ...padded(bytes))
  }
  return new Blob([...parts, new Uint8Array(2 * BLOCK)], { type: 'application/x-tar' })
}

/** The path as prefix and name; no prefix if it does not fit at all, and a name for readers that do not know pax. */
function split(path: string): [prefix: string | undefined, name: string] {
  if (fits(path, MAX_NAME)) return ['', path]
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const name = path.slice(at + 1)
    if (name !== '' && fits(name, MAX_NAME) && fits(path.slice(0, at), MAX_PREFIX)) return [path.slice(0, at), name]
  }
  return [undefined, path]
}

/** Beyond ASCII only pax says which characters are meant. */
function fits(text: string, max: number): boolean {
  return text.length <= max && /^[\x20-\x7e]*$/.test(text)
}

interface Header {
  name: string
  prefix: string
  type: string
  size: number
  target: string
  /** Since the epoch. */
  seconds: number
}

function header({ name, prefix, type, size, target, seconds }: Header): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK)
  const put = (text: string, at: number, max: number): void => {
    block.set(new TextEncoder().encode(text).subarray(0, max), at)
  }
  put(name, 0, MAX_NAME)
  put(type === DIRECTORY ? '0000755' : '0000644', 100, 7)
  put(octal(0, 7), 108, 7)
  put(octal(0, 7), 116, 7)
  put(octal(size, 11), 124, 11)
  put(octal(seconds, 11), 136, 11)
  // The sum is made with spaces in its place.
  put('        ', 148, 8)
  put(type, 156, 1)
  put(target, 157, MAX_NAME)
  put('ustar\u000000', 257, 8)
  put(prefix, 345, MAX_PREFIX)
  put(
    `${octal(
      block.reduce((sum, byte) => sum + byte),
      6,
    )}\0`,
    148,
    7,
  )
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself, in bytes. */
function paxRecord(key: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = new TextEncoder().encode(` ${key}=${value}\n`)
  let digits = 1
  while (String(rest.length + digits).length > digits) digits += 1
  return concat([new TextEncoder().encode(String(rest.length + digits)), rest])
}

/** Bytes, filled up to whole blocks. */
function padded(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const over = bytes.length % BLOCK
  return over === 0 ? [bytes] : [bytes, new Uint8Array(BLOCK - over)]
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}
