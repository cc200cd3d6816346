import type { ImportView } from '../model.ts'

/** One thing that a module asks for, in words. */
export interface Wish {
  what: string
  /** What the module can do with it, and what it cannot. */
  words: string
}

/**
 * What a module asks for. The imports tell what it can do, whether or not it does it.
 * @param mayCall Whether the module may call other actors.
 */
export function wishesOf(imports: readonly ImportView[], mayCall: boolean): Wish[] {
  const names = new Set(imports.map(({ name }) => name))
  const verbs = (words: Readonly<Record<string, string>>): string[] => [
    ...new Set(Object.entries(words).flatMap(([name, verb]) => (names.has(name) ? [verb] : []))),
  ]
  const wishes: Wish[] = []
  const add = (what: string, parts: readonly string[], rest = ''): void => {
    if (parts.length > 0) wishes.push({ what, words: `${listed(parts)}.${rest}` })
  }
  add('Messages', verbs({ fd_read: 'Reads what it is sent', fd_write: 'writes its reply and its log' }))
  add('Files', verbs(FILES), ' They are its own, not this computer’s; those under /data are kept.')
  if (names.has('path_open')) wishes.push({ what: 'Other actors', words: mayCall ? MAY_CALL : MAY_NOT_CALL })
  add(
    'Time',
    verbs({
      clock_time_get: 'Reads the clock',
      clock_res_get: 'Reads the clock',
      poll_oneoff: 'waits for a time or for bytes',
    }),
  )
  add('Random numbers', verbs({ random_get: 'As many as it wants', seed: 'As many as it wants' }))
  const given = listed(verbs({ args_get: 'its arguments', environ_get: 'its environment' }))
  if (given !== '') add('Its start', [`Reads ${given}`], ' You set them below.')
  add('Sockets', verbs(SOCKETS), ' There is no network for them here.')
  return wishes.map(({ what, words }) => ({ what, words: capitalized(words) }))
}

const MAY_CALL = 'Calls them, as files under /ww, as you let it.'
const MAY_NOT_CALL = 'Could call them, as files under /ww, but may not unless you let it.'

const FILES = {
  path_open: 'Opens and makes files',
  fd_readdir: 'lists folders',
  path_create_directory: 'makes folders',
  path_rename: 'renames them',
  path_unlink_file: 'removes them',
  path_remove_directory: 'removes them',
  path_link: 'links them',
  path_symlink: 'links them',
} as const

const SOCKETS = {
  sock_accept: 'Takes connections',
  sock_recv: 'receives',
  sock_send: 'sends',
} as const

/** `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[]): string {
  const [last = '', ...before] = parts.toReversed()
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
