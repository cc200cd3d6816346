import type { ProcState } from '../../glia/process/life.ts'

/** Most keys that one list has. */
export const MAX_LISTED_KEYS = 1000

export interface KeyListOptions {
  /** Most keys in the list, at most 1,000. Default 100. */
  limit?: number | undefined
  /** Only keys behind this one. */
  after?: string | undefined
}

/** Keys of a process that has an instance for each, sorted. */
export interface KeyList {
  /** How many keys the process has. */
  total: number
  keys: ListedKey[]
}

export interface ListedKey {
  key: string
  state: ProcState
  /** ms since the epoch. */
  createdAt: number
  /** When its last message came, in ms since the epoch; undefined once its instance is out of memory. */
  usedAt?: number | undefined
  /** Why it takes no messages; undefined while it lives. */
  dead?: string | undefined
  /** Linear memory of the live instance, in bytes; undefined while there is none. */
  memoryBytes?: number | undefined
}
