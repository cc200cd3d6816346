// What another peer tells of the parts of a process. It may be anything: wrong entries are left out.
import type { FileInfo } from '../../actors/files/file-index.ts'
import type { SnapshotInfo } from '../../actors/snapshot/history.ts'
import type { KeyList, ListedKey } from '../../actors/table/key-list.ts'
import type { LogLine } from '../../actors/table/process-log.ts'
import { fields } from '../../glia/untrusted.ts'
import { count, isState, time } from './told-process.ts'

const MAX_LINE = 4096
/** As many as a peer keeps of a process. */
const MAX_LINES = 500
const MAX_FILES = 100_000
const MAX_KEYS = 1000
const MAX_SNAPSHOTS = 100
const MAX_REMINDERS = 1000

/** A message that a process gets later. */
export interface ToldReminder {
  id: string
  method: string
  /** ms since the epoch. */
  dueAt: number
  /** When it comes again. Both undefined: it comes once. */
  everyMs: number | undefined
  cron: { pattern: string; timeZone: string } | undefined
}

/** The lines of a log. */
export function readLines(value: unknown): LogLine[] {
  return each(value, MAX_LINES, ({ at, source, text }) => {
    const when = time(at)
    if (when === undefined || typeof text !== 'string') return undefined
    if (source !== 'stderr' && source !== 'process' && source !== 'error') return undefined
    return { at: when, source, text: text.slice(0, MAX_LINE) }
  })
}

/**
 * The lines of a log with those that were read later.
 * @param isFromNext The peer has numbered them: they are those after the last one. Otherwise they are those from the time of
 * the last one on, and lines of that time come again. They stay the same objects.
 */
export function withLines(
  before: readonly LogLine[],
  read: readonly LogLine[],
  isFromNext: boolean,
): readonly LogLine[] {
  const last = before.at(-1)?.at
  const again = isFromNext ? 0 : before.filter(({ at }) => at === last).length
  const added = read.slice(again)
  return added.length === 0 ? before : [...before, ...added].slice(-MAX_LINES)
}

export function readKeyList({ total, keys }: Record<string, unknown>): KeyList {
  const read = each(keys, MAX_KEYS, (told): ListedKey | undefined => {
    const { key, state, dead } = told
    // A key is never hibernated: whether its memory is kept is not looked up.
    if (typeof key !== 'string' || !isState(state) || state === 'hibernated') return undefined
    return {
      key,
      state,
      createdAt: time(told['createdAt']) ?? 0,
      usedAt: time(told['usedAt']),
      dead: typeof dead === 'string' ? dead.slice(0, MAX_LINE) : undefined,
      memoryBytes: count(told['memoryBytes']),
    }
  })
  return { total: count(total) ?? read.length, keys: read }
}

export function readSnapshots(value: unknown): SnapshotInfo[] {
  return each(value, MAX_SNAPSHOTS, ({ id, at, messages, memoryBytes }) => {
    const [number, when] = [count(id), time(at)]
    if (number === undefined || when === undefined) return undefined
    return { id: number, at: when, messages: count(messages) ?? 0, memoryBytes: count(memoryBytes) ?? 0 }
  })
}

export function readFiles(value: unknown): FileInfo[] {
  return each(value, MAX_FILES, ({ path, kind, bytes, version }) => {
    if (typeof path !== 'string' || path === '' || path.length > MAX_LINE) return undefined
    if (kind !== 'file' && kind !== 'directory' && kind !== 'link') return undefined
    // An older peer tells no version.
    return { path, kind, bytes: count(bytes) ?? 0, version: count(version) ?? 0 }
  })
}

export function readReminders(value: unknown): ToldReminder[] {
  return each(value, MAX_REMINDERS, ({ id, method, due, everyMs, cron, timeZone }) => {
    const dueAt = typeof due === 'string' ? time(Date.parse(due)) : undefined
    if (typeof id !== 'string' || typeof method !== 'string' || dueAt === undefined) return undefined
    const pattern = typeof cron === 'string' ? cron.slice(0, MAX_LINE) : undefined
    const zone = typeof timeZone === 'string' ? timeZone.slice(0, MAX_LINE) : 'UTC'
    return {
      id,
      method: method.slice(0, MAX_LINE),
      dueAt,
      everyMs: count(everyMs),
      cron: pattern === undefined ? undefined : { pattern, timeZone: zone },
    }
  })
}

function each<T>(value: unknown, most: number, read: (told: Record<string, unknown>) => T | undefined): T[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, most).flatMap((told) => read(fields(told)) ?? [])
}
