import type { ProcState } from '../../glia/process/life.ts'

/** What a process is doing, for people. Hibernated: cold, and its next instance goes on with what the last one had in memory. */
export type EntryState = ProcState | 'hibernated'
