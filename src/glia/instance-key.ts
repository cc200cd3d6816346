import { GliaError } from './errors.ts'
import { isPid, type Pid } from './pid.ts'

/**
 * Longest key, in bytes of UTF-8. An address with it is a libp2p protocol id, which must stay under 1 kB, and a name of
 * a file, which has at most 255 characters.
 */
const MAX_KEY_BYTES = 128

/** A slash would end the part of the address. The others break lines, or stand for text that was lost on its way. */
const NOT_IN_KEYS = /[/\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/u

const SEPARATOR = ':'

/**
 * A key as people and programs give it, in the one form that names its instance: NFC of Unicode, so that texts which
 * look the same are the same key.
 * @throws {GliaError} ERR_BAD_ADDRESS that says what a key may be.
 */
export function readKey(given: unknown): string {
  const key = typeof given === 'string' ? given.normalize() : ''
  if (isKey(key)) return key
  const shown = key.length > 100 ? `${key.slice(0, 100)}…` : key
  throw new GliaError(
    'ERR_BAD_ADDRESS',
    `“${shown}” cannot be a key: a key is 1 to ${MAX_KEY_BYTES} bytes of text on one line, without a slash.`,
  )
}

function isKey(key: string): boolean {
  if (key === '' || key.length > MAX_KEY_BYTES || NOT_IN_KEYS.test(key)) return false
  return new TextEncoder().encode(key).length <= MAX_KEY_BYTES
}

/** The PID of the instance of a key. @param key As {@link readKey} gives it. */
export function instancePid(pid: Pid, key: string): Pid {
  return `${pid}${SEPARATOR}${key}` as Pid
}

/** The process of a PID, which may be that of an instance. */
export function processOf(pid: string): Pid {
  return cut(pid)[0] as Pid
}

/** The key in the PID of an instance; undefined if it is the PID of a process. */
export function keyIn(pid: string): string | undefined {
  return cut(pid)[1]
}

/** Parts a name in an address, as it was typed: the process, and the key behind the first colon. */
export function cut(name: string): [process: string, key?: string] {
  const at = name.indexOf(SEPARATOR)
  return at < 0 ? [name] : [name.slice(0, at), name.slice(at + 1)]
}

/** Whether the text is the PID of a process or of an instance. */
export function isProcessOrInstance(text: string): boolean {
  const [process, key] = cut(text)
  return isPid(process) && (key === undefined || isKey(key))
}
